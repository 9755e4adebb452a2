"""What is built for others to install holds all that it needs, and works without the source tree."""

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

# One process, so that the packages are built once.
pytestmark = [pytest.mark.xdist_group("package"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NEEDED = (
    "spotmap_build/core/vocabulary/versions.toml",
    "spotmap_build/scaffold/templates/map.yml",
    *(f"spotmap_build/site_template/{name}" for name in read_template().files),
    "spotmap_build/embed/data/msd-musicnn.pb",
    "spotmap_build/py.typed",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel (made from the source archive, as ``python -m build`` does) and the archive."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=patience(300),
    )
    return folder


def test_the_wheel_holds_the_page_the_weights_and_the_licenses(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert set(NEEDED) <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any("d3.LICENSE" in name for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/")) or "node_modules" in name for name in names)


def test_the_source_archive_can_build_the_wheel(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = files.getnames()
    assert any(name.endswith("site_template/index.html.j2") for name in names)


def test_the_wheel_builds_a_map_in_a_clean_environment(built: Path, tmp_path: Path) -> None:
    """Its own environment; only the dependencies' files are borrowed from the one that runs the tests."""
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
    borrowed = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (clean,) = (tmp_path / "clean/lib").glob("python*/site-packages")
    for entry in borrowed.iterdir():
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
