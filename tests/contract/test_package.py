"""The wheel and the source archive are complete and work without the source tree."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from spotmap_build.emit.template import read_template
from tests.support.patience import patience

# One worker, so that the packages are built once.
pytestmark = [pytest.mark.xdist_group("package"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
REQUIRED = (
    "spotmap_build/core/vocabulary/versions.toml",
    "spotmap_build/scaffold/templates/map.yml",
    *(f"spotmap_build/site_template/{name}" for name in read_template().files),
    "spotmap_build/embed/data/msd-musicnn.pb",
    "spotmap_build/py.typed",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that ``python -m build`` makes from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=patience(300),
    )
    return folder


def test_wheel_contains_page_weights_and_licenses(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert set(REQUIRED) <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any("d3.LICENSE" in name for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) or "node_modules" in name for name in names)


def test_source_archive_contains_the_page_template(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = files.getnames()
    assert any(name.endswith("site_template/index.html.j2") for name in names)


def test_wheel_builds_a_map_in_a_clean_environment(built: Path, tmp_path: Path) -> None:
    """The environment links to the dependencies of the tests' environment."""
    venv.create(tmp_path / "clean", with_pip=False)
    python = tmp_path / "clean/bin/python"
    (wheel,) = built.glob("*.whl")
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        wheel,
    ]
    subprocess.run(install, check=True, timeout=patience(300))
    installed = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (clean,) = (tmp_path / "clean/lib").glob("python*/site-packages")
    for entry in installed.iterdir():
        if "spotmap" not in entry.name and not (clean / entry.name).exists() and not entry.name.endswith(".pth"):
            (clean / entry.name).symlink_to(entry)
    table = tmp_path / "places.csv"
    table.write_text("title,artists,x,y\n" + "\n".join(f"Tune {n},Someone,{n % 7},{n // 7}" for n in range(40)))
    done = subprocess.run(
        [tmp_path / "clean/bin/spotmap-build", "--source", f"table:{table}", "--out", "map"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=patience(120),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "map/index.html").is_file()
