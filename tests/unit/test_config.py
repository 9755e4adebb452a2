"""Settings come from flags, the environment, the file and defaults, in that order, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotmap_build.config import SETTINGS, Config, FailureBound, load_config
from spotmap_build.errors import ConfigError


def write(folder: Path, text: str) -> None:
    (folder / "spotmap.toml").write_text(text, encoding="utf-8")


def test_defaults_lie_in_the_working_folder(tmp_path: Path) -> None:
    config = load_config({}, {}, tmp_path)
    assert config.out == tmp_path / "site"
    assert config.cache_dir == tmp_path / ".spotmap/cache"
    assert config.report_path == tmp_path / "site.report.json"
    assert config.worker_count >= 1


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[build]\ntitle = "file"\nseed = 1\njobs = 1\n')
    environment = {"SPOTMAP_TITLE": "environment", "SPOTMAP_SEED": "2"}
    config = load_config({"title": "flag", "jobs": None}, environment, tmp_path)
    assert (config.title, config.seed, config.jobs) == ("flag", 2, 1)


def test_relative_paths_of_a_file_start_at_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "my.toml").write_text('[build]\nsources = ["folder:music"]\nout = "map"\n')
    config = load_config({}, {}, tmp_path, folder / "my.toml")
    assert config.sources == (f"folder:{folder / 'music'}",)
    assert config.out == folder / "map"


def test_the_home_folder_can_be_written_as_a_tilde(tmp_path: Path) -> None:
    config = load_config({"sources": ("folder:~/Music",)}, {}, tmp_path)
    assert config.sources == (f"folder:{Path.home() / 'Music'}",)


def test_the_models_address_is_an_endpoint(tmp_path: Path) -> None:
    write(tmp_path, '[endpoints]\nmodels_url = "https://models.example"\n')
    assert load_config({}, {}, tmp_path).models_url == "https://models.example/"
    assert load_config({}, {"SPOTMAP_MODELS": "http://127.0.0.1:9/m/"}, tmp_path).models_url == "http://127.0.0.1:9/m/"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[build]\ntitel = 'x'\n", "titel"),
        ("[bild]\ntitle = 'x'\n", "title"),
        ("title = 'x'\n", "title"),
        ("[build]\njobs = -1\n", "jobs"),
        ("[build]\njobs = true\n", "jobs"),
        ("[build]\nembedder = 'vggish'\n", "vggish"),
        ("[build]\nsources = [1]\n", "sources"),
        ("[build]\nforce = 'perhaps'\n", "force"),
        ("[build]\nmax_failures = '120%'\n", "max_failures"),
        ("[endpoints]\nmodels_url = 'ftp://x'\n", "models_url"),
        ("[build\n", "spotmap.toml"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError, match=named):
        load_config({}, {}, tmp_path)


def test_an_unknown_key_suggests_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, "[build]\ntitel = 'x'\n")
    with pytest.raises(ConfigError) as caught:
        load_config({}, {}, tmp_path)
    assert caught.value.hint == "Did you mean 'title'?"


def test_a_configuration_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        load_config({}, {}, tmp_path, tmp_path / "absent.toml")


def test_a_bad_environment_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SPOTMAP_JOBS"):
        load_config({}, {"SPOTMAP_JOBS": "many"}, tmp_path)


def test_every_setting_is_a_field_of_the_config() -> None:
    assert {setting.name for setting in SETTINGS} == set(Config.__dataclass_fields__)


@pytest.mark.parametrize(
    ("bound", "failed", "total", "passed"),
    [
        (FailureBound(), 100, 100, False),
        (FailureBound(count=0), 0, 10, False),
        (FailureBound(count=0), 1, 10, True),
        (FailureBound(count=5), 5, 10, False),
        (FailureBound(share=0.05), 5, 100, False),
        (FailureBound(share=0.05), 6, 100, True),
        (FailureBound(share=0.0), 0, 0, False),
    ],
)
def test_a_failure_bound_is_passed_only_beyond_it(bound: FailureBound, failed: int, total: int, passed: bool) -> None:
    assert bound.is_passed(failed, total) is passed
