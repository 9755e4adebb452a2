"""File paths are published only as far as the user asks for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spotmap_build.config import Config, load_config
from spotmap_build.model import Recording, Track
from spotmap_build.stages.emit import public_paths


def paths(config: Config, *files: Path) -> dict[str, str]:
    tracks = tuple(Track(file.name, "", recording=Recording("0", path=str(file))) for file in files)
    return public_paths(cast("Any", SimpleNamespace(config=config)), cast("Any", SimpleNamespace(tracks=tracks)))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "home/ada/music"
    folder.mkdir(parents=True)
    return folder


def test_relative_paths_outside_the_library_are_left_out(music: Path, tmp_path: Path) -> None:
    config = load_config({"sources": (f"folder:{music}",), "paths": "relative"}, {}, tmp_path)
    found = paths(config, music / "coast/salt.ogg", tmp_path / "home/ada/private/mint.ogg")
    assert found == {"salt.ogg": "coast/salt.ogg"}


def test_relative_paths_need_a_folder_that_contains_all_sources(music: Path, tmp_path: Path) -> None:
    sources = (f"folder:{music}", "folder:/usr")
    config = load_config({"sources": sources, "paths": "relative"}, {}, tmp_path)
    assert config.library_folder is None
    assert paths(config, music / "salt.ogg") == {}


def test_absolute_paths_are_published_only_on_request(music: Path, tmp_path: Path) -> None:
    config = load_config({"sources": (f"folder:{music}",), "paths": "absolute"}, {}, tmp_path)
    assert paths(config, music / "salt.ogg") == {"salt.ogg": str(music / "salt.ogg")}
    assert paths(load_config({"sources": (f"folder:{music}",)}, {}, tmp_path), music / "salt.ogg") == {}
