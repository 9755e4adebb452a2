"""Rules that the import linter and ruff cannot check: where packages are imported, sizes, pinned versions, docs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from spotmap_build import registry
from spotmap_build.registry.embedders import EMBEDDERS
from spotmap_build.registry.features import FEATURES
from spotmap_build.registry.sources import SOURCES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "spotmap_build"

HOMES = [
    ("av", "embed/decode.py"),
    ("av", "embed/excerpts.py"),
    ("av", "embed/resample.py"),
    ("dask", "embed/dask_pool.py"),
    ("distributed", "embed/dask_pool.py"),
    ("essentia", "embed/essentia_engine.py"),
    ("onnxruntime", "embed/onnx_engine.py"),
    ("numba", "project/kernels.py"),
    ("pynndescent", "project/neighbors.py"),
    ("umap", "project/umap_layout.py"),
    ("hdbscan", "cluster/hdbscan.py"),
    ("tomlkit", "acquire/overrides.py"),
    ("opencc", "core/normalize.py"),
    ("pykakasi", "acquire/matching/transliteration.py"),
    ("mutagen", "fetch/tags.py"),
    ("PIL", "fetch/covers.py"),
    ("PIL", "emit/picture.py"),
    ("pyarrow", "fetch/tables/parquet.py"),
    ("pyarrow", "emit/parquet.py"),
    ("contourpy", "emit/contour.py"),
    ("jinja2", "emit/rendering.py"),
    ("watchfiles", "emit/watch.py"),
    ("resvg_py", "emit/poster_png.py"),
    ("s3fs", "deploy/s3.py"),
    ("botocore", "deploy/s3.py"),
    ("rich", "progress.py"),
    ("click", "cli.py"),
    ("click", "cli_help.py"),
    ("click", "cli_storage.py"),
    ("click", "cli_options.py"),
    ("spotipy", "fetch/spotify/api.py"),
    ("ytmusicapi", "acquire/youtube/youtube_music.py"),
    ("yt_dlp", "acquire/youtube/download.py"),
]
MAX_FILE_LINES = 420
MAX_FUNCTION_LINES = 45


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the top-level names of all packages that a file imports, at any depth."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("engine", dict(HOMES))
def test_third_party_engine_is_imported_only_by_its_own_modules(engine: str) -> None:
    importers = {path.relative_to(PACKAGE).as_posix() for path in sources() if engine in imported(path)}
    assert importers == {home for each, home in HOMES if each == engine}


def test_importing_the_cli_loads_no_engine() -> None:
    program = "import sys, spotmap_build.cli, spotmap_build.pipeline; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    light = {"click"}
    assert set(done.stdout.split()) & ({"numpy", "scipy", *dict(HOMES)} - light) == set()


def test_files_have_at_most_420_lines() -> None:
    files = [*sources(), *(ROOT / "site_template/viewer").rglob("*.js")]
    too_long = {str(path): lines for path in files if (lines := path.read_text().count("\n")) > MAX_FILE_LINES}
    assert not too_long


WITHOUT_HINT = {"ServiceError", "ServiceRefused", "UnexpectedResponse", "TrackError", "CorruptEntry"}
"""Errors that concern some tracks, which the report lists as waiting or with what to do, or that are handled inside."""


def error_classes() -> set[str]:
    """Return the names of all subclasses of SpotmapError."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
    }
    found = {"SpotmapError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def test_every_error_that_ends_a_command_says_what_to_do() -> None:
    classes = error_classes() - WITHOUT_HINT
    assert {"SourceError", "WeightsError", "StoreError"} <= classes
    missing = [
        f"{path}:{node.lineno}"
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in classes
        and not any(keyword.arg in ("hint", None) for keyword in node.keywords)
    ]
    assert not missing


def lines_of_code(function: ast.FunctionDef) -> int:
    """Return the number of lines of a function with its signature and without its docstring."""
    assert function.end_lineno is not None
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    lines = function.end_lineno - function.lineno + 1
    return lines if docstring is None else lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def test_functions_have_at_most_45_lines() -> None:
    helpers = (path for folder in ("fakes", "support") for path in (ROOT / "tests" / folder).rglob("*.py"))
    others = (path for folder in ("benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py"))
    too_long = {
        f"{path.name}:{node.name}": lines
        for path in (*sources(), *helpers, *others)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and (lines := lines_of_code(node)) > MAX_FUNCTION_LINES
    }
    assert not too_long


MAY_CALL_THE_CACHE_DIRECTLY = {
    "stages/boundaries.py",  # looked up by the previous site
    "stages/covers.py",  # its answers expire, and may be failures
    "stages/excerpts.py",  # a track may have none, and the reason is cached
    "stages/preparation.py",  # an earlier map's may be reused
    "stages/previous_map.py",  # stored under two keys
    "stages/space.py",  # an earlier map's neighbors may be reused
}


def test_stages_use_the_memo_instead_of_the_cache() -> None:
    direct = {
        path.relative_to(PACKAGE).as_posix()
        for path in sorted((PACKAGE / "stages").glob("*.py"))
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr in {"lookup", "put"}
        and ast.unparse(node.value).endswith("cache")
    }
    assert direct == MAY_CALL_THE_CACHE_DIRECTLY


MAY_READ_WHOLE_FILES = {
    "core/cpu_contention.py",  # files of the kernel
    "core/processes.py",  # the same
    "core/vocabulary/__init__.py",  # a file of this package
    "embed/dask_pool.py",  # audio files that were decoded before; the size is checked
    "embed/excerpts.py",  # the excerpt that it has just written
    "embed/remote.py",  # verified weights
    "embed/weights.py",  # a file of this package
    "emit/preview.py",  # the same
    "emit/template.py",  # those of this package
    "emit/site.py",  # regular files whose size is checked
    "scaffold/action.py",  # the metadata of this package
    "scaffold/files.py",  # templates of this package
}


def test_files_from_outside_are_read_by_core_files() -> None:
    """``read_bytes`` and ``read_text`` wait for the writer of a pipe, and read a device until the memory is full."""
    direct = {
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".read_bytes", ".read_text"))
    }
    assert direct == MAY_READ_WHOLE_FILES


def test_documents_are_decoded_only_by_core_documents() -> None:
    """msgspec crashes if two threads decode into a type for the first time; ``core.documents`` prevents that."""
    direct = re.compile(r"msgspec\.(json\.decode|json\.Decoder|convert|toml|yaml|msgpack)\b")
    for path in sorted(PACKAGE.rglob("*.py")):
        if path != PACKAGE / "core" / "documents.py":
            assert not direct.search(path.read_text()), f"{path.name}: decode_json or convert of core.documents"


def test_code_named_by_each_registry_row_exists() -> None:
    rows = [kind.make for kind in SOURCES] + [spec.model for spec in EMBEDDERS.values()]
    rows += [feature.measure for feature in FEATURES if feature.measure]
    assert len(rows) >= 8
    assert [row for row in rows if not callable(registry.load(row))] == []


def test_only_the_registries_list_sources_and_embedders() -> None:
    lists = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sources()
        if path.parent.name != "registry"
        for node in nodes(path)
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict)
        and any(len(texts_in(node) & names) > 1 for names in ({kind.name for kind in SOURCES}, set(EMBEDDERS)))
    ]
    assert lists == []


def texts_in(node: ast.Tuple | ast.List | ast.Set | ast.Dict) -> set[str]:
    """Return the strings that a collection literal lists, or has as keys."""
    items = node.keys if isinstance(node, ast.Dict) else node.elts
    return {each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def test_documented_parameters_exist() -> None:
    """Only ruff's preview has this rule, and its preview changes other rules."""
    check = [sys.executable, "-m", "ruff", "check", "--preview", "--select=DOC102", "--output-format=concise"]
    done = subprocess.run([*check, str(PACKAGE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


ALPHABETS = {"ARABIC", "CYRILLIC", "GREEK", "HEBREW", "LATIN"}
"""Alphabets with letters of the same shape: a word that mixes them looks right but never matches."""


def alphabets(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()} & ALPHABETS


def test_no_word_of_the_matcher_mixes_alphabets() -> None:
    files = [path for name in ("acquire/matching", "core/vocabulary") for path in (PACKAGE / name).rglob("*.*")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.suffix != ".pyc"}
    assert {"versions.toml", "people.toml"} <= texts.keys()
    assert alphabets("\u0447a\u0441\u043e\u0432") == {"CYRILLIC", "LATIN"}  # a Latin a in a Russian word
    mixed = [
        (name, word) for name, text in texts.items() for word in re.findall(r"\w+", text) if len(alphabets(word)) > 1
    ]
    assert not mixed


def locked(name: str) -> dict[str, str]:
    """Return the versions that a lock file pins, by canonical package name."""
    lines = (ROOT / name).read_text().splitlines()
    pinned = (re.match(r"([\w.-]+)==([\w.!+-]+)", line) for line in lines)
    return {canonicalize_name(found[1]): found[2] for found in pinned if found}


def required(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return [Requirement(line) for line in (*project["dependencies"], *(line for e in extras for line in optional[e]))]


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ("dev", "parquet")), ("requirements-rebuild.lock", ())]
)
def test_locked_versions_meet_the_declared_minimums(lock: str, extras: tuple[str, ...]) -> None:
    versions = locked(lock)
    wanted = required(*extras)
    missing = [str(want) for want in wanted if canonicalize_name(want.name) not in versions]
    assert not missing
    below = [
        f"{want} but {version}"
        for want in wanted
        if not want.specifier.contains(version := versions[canonicalize_name(want.name)], prereleases=True)
    ]
    assert not below


VULNERABLE_BELOW = {
    "av": "16.0",  # wheels with FFmpeg 7 of early 2025
    "deno": "2.7.12",  # CVE-2026-49406: its permissions
    "jinja2": "3.1.6",  # CVE-2025-27516
    "orjson": "3.11.6",  # CVE-2025-67221: unbounded nesting
    "pillow": "12.1.1",  # CVE-2026-25990: out-of-bounds write
    "requests": "2.32.4",  # CVE-2024-47081: sends .netrc passwords to another host
    "urllib3": "2.6.3",  # CVE-2025-66418, -66471, CVE-2026-21441: unbounded decompression
    "yt-dlp": "2026.7.4",  # CVE-2026-26331, CVE-2026-55404
}


@pytest.mark.parametrize(("name", "fixed_in"), VULNERABLE_BELOW.items())
def test_minimum_versions_exclude_known_vulnerabilities(name: str, fixed_in: str) -> None:
    (want,) = (want for want in required() if canonicalize_name(want.name) == name)
    (floor,) = (Version(part.version) for part in want.specifier if part.operator == ">=")
    assert floor >= Version(fixed_in)


def test_lock_file_of_the_action_pins_everything_by_hash() -> None:
    lines = (ROOT / "requirements-rebuild.lock").read_text().splitlines()
    unpinned = [
        line for line in lines if not re.match(r"[\w.-]+==\S+( ;.*)? \\$|    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
    ]
    assert not unpinned
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert line.endswith("\\") == following.startswith("    --hash=")
    development = locked("requirements.lock")
    rebuild = locked("requirements-rebuild.lock")
    assert {name: version for name, version in rebuild.items() if development.get(name, version) != version} == {}
    build_system = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {Requirement(line).name for line in build_system} <= set(rebuild)


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
REBUILD = ROOT / ".github/workflows/rebuild.yml"
ACTION = ROOT / "action.yml"


def test_actions_are_pinned_by_commit_with_the_version_in_a_comment() -> None:
    files = (*WORKFLOWS, ACTION)
    uses = [line.strip() for path in files for line in path.read_text().splitlines() if "uses:" in line]
    uses.remove("uses: ./")  # our own, of the commit that was checked out
    pinned = [
        re.fullmatch(r"(?:- )?uses: ([\w.-]+/[\w.-]+)[\w./-]*@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line) for line in uses
    ]
    assert uses
    assert [line for line, found in zip(uses, pinned, strict=True) if not found] == []
    pins = {found.groups() for found in pinned if found}
    assert len({action for action, _, _ in pins}) == len(pins), "one action at two versions"


MAY_ALSO = {
    ("rebuild", "map"): {"pages": "write", "id-token": "write"},
    ("release", "pypi"): {"id-token": "write"},
    ("release", "github"): {"contents": "write"},
    ("container", "publish"): {"packages": "write"},
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_have_minimal_permissions(path: Path) -> None:
    workflow = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == {"contents": "read", **MAY_ALSO.get((path.stem, name), {})}
        assert "timeout-minutes" in job
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)
        # Text that a person typed is passed in the environment; inside a script it would be executed.
        assert not [step["run"] for step in job["steps"] if "${{" in step.get("run", "")]


def test_action_installs_only_by_hash_and_interpolates_no_input_into_scripts() -> None:
    steps = yaml.load(ACTION.read_text(), Loader=yaml.BaseLoader)["runs"]["steps"]
    installs = re.findall(r"pip install .*", "\n".join(step.get("run", "") for step in steps))
    assert installs
    assert all("--require-hashes" in line or "--no-deps --no-index" in line for line in installs)
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]
    (checkout,) = (step for step in steps if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] == "false"
    assert [path for path in WORKFLOWS if "secrets." in path.read_text()] == [REBUILD]


def test_rebuild_workflow_passes_secrets_only_to_this_action() -> None:
    (job,) = yaml.load(REBUILD.read_text(), Loader=yaml.BaseLoader)["jobs"].values()
    assert [step["uses"].partition("@")[0] for step in job["steps"]] == ["actions/checkout", "./"]
    assert "secrets." not in str(job["env"])


ARCHITECTURE = ROOT / "docs/architecture.md"


def section(heading: str) -> str:
    """Return the text of one section of the architecture page."""
    texts: list[str] = re.findall(
        rf"^## {heading}\n(.*?)(?=^## |\Z)", ARCHITECTURE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert len(texts) == 1, f"there must be one section with the heading {heading}"
    return texts[0]


def table(heading: str) -> list[tuple[str, str]]:
    """Return the first two columns of a section's table, where they begin with text in backticks."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", section(heading), re.MULTILINE)


def test_architecture_page_names_the_module_of_every_engine() -> None:
    assert sorted(table("Engines")) == sorted(HOMES)


def key_stages(path: Path) -> set[str]:
    """Return the stages in a file's cache keys: texts in calls of ``Key``, or of a ``_key`` that passes one to it."""
    stages = set()
    for node in nodes(path):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in {"Key", "_key"}:
            texts = {each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
            is_passed_on = any(isinstance(each, ast.Name) and each.id == "stage" for each in node.args)
            assert name == "_key" or texts or is_passed_on, f"{path}:{node.lineno}: which stage is this?"
            stages |= texts - {""}
    return stages


def test_architecture_page_lists_every_cache_key_with_its_module() -> None:
    made = {(stage, path.relative_to(PACKAGE).as_posix()) for path in sources() for stage in key_stages(path)}
    rows = table("Cache keys")
    assert set(rows) == made
    assert len(rows) == len(made)


def test_architecture_page_lists_the_layers_in_order() -> None:
    (contract,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"spotmap_build\.(\w+)", layer) for layer in contract["layers"]]
    chains = re.findall(r"\*\*Imports go down only\*\*: `([^`]+)`", section("Rules"))
    assert len(chains) == 1
    drawn = [re.findall(r"\w+", layer) for layer in chains[0].split("->")]
    assert drawn == layers[1:]  # __main__ is the command itself


def drawn_folders(root: str) -> set[str]:
    """Return the folders directly below ``root`` in the architecture page's drawings."""
    drawings = re.findall(rf"^{root}/(?: .*)?\n((?:  .*\n|\n)+)", ARCHITECTURE.read_text(), re.MULTILINE)
    return {name for drawing in drawings for name in re.findall(r"^  ([\w-]+)/(?: |$)", drawing, re.MULTILINE)}


def folders(root: Path) -> set[str]:
    """Return the folders that contain files other than compiled modules."""
    files = (path.relative_to(root).parts for path in root.rglob("*") if path.is_file())
    return {parts[0] for parts in files if len(parts) > 1 and "__pycache__" not in parts}


@pytest.mark.parametrize("root", ["spotmap_build", "site_template/viewer", "tests", "benchmarks"])
def test_architecture_page_draws_every_folder(root: str) -> None:
    assert drawn_folders(root) == folders(ROOT / root)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links within the repository, without fragments."""
    found = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    return [target for target in found if not re.match(r"[a-z]+:", target)]


PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks/README.md"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_documentation_exist(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_code_files_named_in_the_documentation_exist(page: str) -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|m?js|sh|j2|css))`", (ROOT / page).read_text()))
    roots = (ROOT, PACKAGE, ROOT / "site_template", ROOT / "site_template/viewer")
    examples = {name for name in named if "NAME" in name}
    assert [name for name in sorted(named - examples) if not any((root / name).exists() for root in roots)] == []


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    texts = [path.read_text() for path in (*sources(), *PAGES)]
    assert {number for text in texts for number in re.findall(r"decisions/(\d{4})", text)} <= set(numbers)


@pytest.mark.parametrize(("schema", "files"), [("workflows", WORKFLOWS), ("actions", [ACTION])])
def test_workflows_and_the_action_match_their_schemas(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert files
    assert done.returncode == 0, done.stdout


def test_conda_environment_takes_its_requirements_from_the_project() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"python {project['requires-python']}" in environment["dependencies"]
    assert environment["dependencies"][-1] == {"pip": ["--editable ."]}


OLD_WORDS = re.compile(r"\b(?:anew|thereof|hitherto|whilst|told)\b", re.I)
"""Rare or archaic words that a reader who learned English as a second language may not know."""


def test_code_and_docs_avoid_archaic_words() -> None:
    suffixes = {".py", ".js", ".mjs", ".md", ".toml", ".j2", ".yml", ".css"}
    folders = ("spotmap_build", "site_template", "docs", "tests", "benchmarks", "scripts", "examples", ".github")
    places = [*ROOT.glob("*.md"), *(file for name in folders for file in sorted((ROOT / name).rglob("*")))]
    files = [file for file in places if file.suffix in suffixes and file.is_file()]
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        if file.name not in {"viewer.bundle.js", "CHANGELOG.md", Path(__file__).name}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if OLD_WORDS.search(line)
    ]
    assert found == []
