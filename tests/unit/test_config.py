"""Settings come from flags, environment variables, the configuration file and defaults, in that order."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from spotmap_build.cli import main
from spotmap_build.config import Config, load_config
from spotmap_build.config_values import FailureBound
from spotmap_build.errors import ConfigError
from spotmap_build.settings import NOT_A_FLAG, SETTINGS, Setting


def write(folder: Path, text: str) -> None:
    (folder / "spotmap.toml").write_text(text, encoding="utf-8")


def test_defaults_are_relative_to_the_working_folder(tmp_path: Path) -> None:
    config = load_config({}, {}, tmp_path)
    assert config.out == tmp_path / "site"
    assert config.cache_dir == tmp_path / ".spotmap/cache"
    assert config.report_path == tmp_path / "site.report.json"
    assert config.worker_count >= 1


def test_flag_overrides_environment_which_overrides_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[build]\ntitle = "file"\nseed = 1\njobs = 1\n')
    environment = {"SPOTMAP_TITLE": "environment", "SPOTMAP_SEED": "2"}
    config = load_config({"title": "flag", "jobs": None}, environment, tmp_path)
    assert (config.title, config.seed, config.jobs) == ("flag", 2, 1)


def test_setting_may_have_a_shorter_name_in_its_table(tmp_path: Path) -> None:
    assert load_config({}, {}, tmp_path).fetch_covers
    write(tmp_path, "[covers]\nfetch = false\n")
    assert not load_config({}, {}, tmp_path).fetch_covers
    assert load_config({}, {"SPOTMAP_FETCH_COVERS": "yes"}, tmp_path).fetch_covers
    write(tmp_path, '[covers]\nfetch = "sometimes"\n')
    with pytest.raises(ConfigError, match=r"\[covers\] fetch must be true or false"):
        load_config({}, {}, tmp_path)
    write(tmp_path, "[covers]\nfetch_covers = false\n")
    with pytest.raises(ConfigError, match="unknown key") as caught:
        load_config({}, {}, tmp_path)
    assert "'fetch'" in caught.value.hint or "Known keys: fetch." in caught.value.hint


def test_relative_paths_in_a_file_start_at_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "my.toml").write_text('[build]\nsources = ["folder:music"]\nout = "map"\n')
    config = load_config({}, {}, tmp_path, folder / "my.toml")
    assert config.sources == (f"folder:{folder / 'music'}",)
    assert config.out == folder / "map"


def test_tilde_is_expanded_to_the_home_folder(tmp_path: Path) -> None:
    config = load_config({"sources": ("folder:~/Music",)}, {}, tmp_path)
    assert config.sources == (f"folder:{Path.home() / 'Music'}",)


@pytest.mark.parametrize(
    "url", ["https://models.example/", "http://127.0.0.1:9/m/", "http://[::1]/", "http://localhost/"]
)
def test_endpoint_comes_from_the_environment(tmp_path: Path, url: str) -> None:
    environment = {setting.env: url for setting in SETTINGS if setting.table == "endpoints"}
    environment["SPOTMAP_WATCH_URL"] = f"{url}watch?v={{video_id}}"
    config = load_config({}, environment, tmp_path)
    assert (config.models_url, config.spotify_api_url, config.spotify_accounts_url, config.ytmusic_url) == (url,) * 4
    assert config.watch_url == f"{url}watch?v={{video_id}}"


@pytest.mark.parametrize(
    "setting", [each for each in SETTINGS if each.table == "endpoints"], ids=lambda each: each.name
)
@pytest.mark.parametrize(
    "url",
    [
        "http://somewhere.example/{video_id}",
        "http://192.168.1.1/{video_id}",
        "http://127.0.0.1.example/{video_id}",
        "http://127.0.0.1@example.org/{video_id}",
        "http://0.0.0.0/{video_id}",
        "ftp://x/{video_id}",
        "https:///{video_id}",
        "https://exa mple/{video_id}",
        "https://example/\r\nX: y/{video_id}",
        "https://[/{video_id}",
        "{video_id}",
    ],
)
def test_endpoint_without_https_must_be_this_machine(tmp_path: Path, setting: Setting, url: str) -> None:
    with pytest.raises(ConfigError, match=setting.env):
        load_config({}, {setting.env: url}, tmp_path)


@pytest.mark.parametrize(
    "url", ["https://me.github.io/music", "https://me.github.io/music/", "https://me.github.io/music/index.html"]
)
def test_site_url_is_normalized_to_its_folder(tmp_path: Path, url: str) -> None:
    write(tmp_path, f'[build]\nsite_url = "{url}"\n')
    assert load_config({}, {}, tmp_path).site_url == "https://me.github.io/music/"
    assert load_config({"site_url": "http://nas.local:8080"}, {}, tmp_path).site_url == "http://nas.local:8080/"


@pytest.mark.parametrize(
    "url",
    [
        "music",
        "me.github.io/music",
        "javascript:alert(1)",
        "https://",
        "https://a/?b",
        "https://a/#b",
        "https://u:p@a/",
        "https://[",
        "https://a b/",
        "file:///a",
    ],
)
def test_invalid_site_url_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="--site-url must be the address"):
        load_config({"site_url": url}, {}, tmp_path)


@pytest.mark.parametrize("setting", [each for each in SETTINGS if not each.in_file], ids=lambda each: each.name)
@pytest.mark.parametrize("value", ['"https://accounts.spotify.com/"', "true", '"zz"', "[[1]]"])
def test_setting_not_allowed_in_a_file_is_refused_with_an_alternative(
    tmp_path: Path, setting: Setting, value: str
) -> None:
    write(tmp_path, f"[{setting.table}]\n{setting.name} = {value}\n")
    with pytest.raises(ConfigError, match=setting.name) as caught:
        load_config({}, {setting.env: "1"}, tmp_path)
    assert setting.env in caught.value.hint
    assert setting.option in caught.value.hint
    assert value.strip('"') not in caught.value.message


def test_endpoints_and_secrets_are_not_allowed_in_a_file() -> None:
    kept = {setting.name for setting in SETTINGS if not setting.in_file}
    endpoints = {name for name in Config.__dataclass_fields__ if name.endswith("_url")} - {"site_url"}
    only_this_run = {"executor", "force", "shard"}
    assert kept == endpoints | {"spotify_login", "token_file"} | only_this_run


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp://a:1",
        "dask://",
        "dask://a",
        "dask://a:x",
        "dask://a:99999",
        "dask://a:1/b",
        "dask://u@a:1",
        "dask://a b:1",
    ],
)
def test_invalid_scheduler_address_is_refused(tmp_path: Path, text: str) -> None:
    assert load_config({"executor": "dask://[::1]:8786"}, {}, tmp_path).executor == "dask://[::1]:8786"
    with pytest.raises(ConfigError, match="--executor must be the address of a Dask scheduler"):
        load_config({"executor": text}, {}, tmp_path)


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1", "1/0", "-1/3", "1/2/3", "1/3x", "1/100001", "١/٣", "1 / 3"])
def test_invalid_share_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="--shard must be a share such as 1/8"):
        load_config({"shard": text}, {}, tmp_path)


def test_every_track_belongs_to_exactly_one_shard_on_every_machine(tmp_path: Path) -> None:
    shards = [load_config({}, {"SPOTMAP_SHARD": f"{index}/3"}, tmp_path).shard for index in (1, 2, 3)]
    names = [f"track {number} \udc80" for number in range(900)]
    holders = [[shard.index for shard in shards if shard is not None and shard.holds(name)] for name in names]
    assert [holders.count([index]) for index in (1, 2, 3)] == [278, 328, 294]  # recorded: equal on every machine


PLACES = [setting for setting in SETTINGS if setting.is_place]


def test_every_path_setting_is_confined_or_not_allowed_in_a_file() -> None:
    paths = {name for name, field in Config.__dataclass_fields__.items() if "Path" in str(field.type)}
    assert paths == {setting.name for setting in PLACES} | {"token_file"}


@pytest.mark.parametrize("setting", PLACES, ids=lambda setting: setting.name)
@pytest.mark.parametrize(
    "value", ["../away", "{outside}", "~/.bashrc", "in/../../away", "link/away", "dangling", "sub/link/../away"]
)
def test_file_must_not_name_a_path_outside_its_folder(tmp_path: Path, setting: Setting, value: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / "sub").mkdir(parents=True)
    outside.mkdir()
    (project / "link").symlink_to(outside)
    (project / "sub/link").symlink_to(outside)
    (project / "dangling").symlink_to(outside / "new")
    value = value.format(outside=outside / "x")
    write(project, f"[build]\n{setting.name} = '{value}'\n")
    with pytest.raises(ConfigError, match=rf"\[build\] {setting.name} points outside the folder") as caught:
        load_config({}, {}, project)
    assert setting.env in caught.value.hint
    assert setting.option in caught.value.hint


@pytest.mark.parametrize("setting", PLACES, ids=lambda setting: setting.name)
def test_flag_or_environment_may_name_any_path(tmp_path: Path, setting: Setting) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(project, f"[build]\n{setting.name} = '../away'\n")
    flags, environment = {setting.name: "../other"}, {setting.env: "../other"}
    assert getattr(load_config(flags, {}, project), setting.name) == project / "../other"
    assert getattr(load_config({}, environment, project), setting.name) == project / "../other"


@pytest.mark.parametrize("setting", PLACES, ids=lambda setting: setting.name)
@pytest.mark.parametrize("value", ["below", "new/below", "sub/../below", "inner"])
def test_file_may_name_any_path_inside_its_folder(tmp_path: Path, setting: Setting, value: str) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (project / "inner").symlink_to(project / "sub")
    (tmp_path / "linked").symlink_to(project)
    write(project, f"[build]\n{setting.name} = '{value}'\n")
    for folder in (project, tmp_path / "linked"):
        assert getattr(load_config({}, {}, folder), setting.name) == folder / value


@pytest.mark.parametrize("out", [".", "sub/.."])
def test_file_that_uses_its_own_folder_as_site_needs_paths_for_the_rest(tmp_path: Path, out: str) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path, f"[build]\nout = '{out}'\n")
    with pytest.raises(ConfigError, match=r"\[build\] out leaves no place inside its folder"):
        load_config({}, {}, tmp_path)
    given: dict[str, object] = {"report": str(tmp_path.parent / "r.json"), "cache_dir": str(tmp_path.parent / "cache")}
    assert load_config(given, {}, tmp_path).out == tmp_path / out


@pytest.mark.parametrize("value", ["http://192.168.1.1/reboot", "HTTP://example.org"])
def test_anchor_url_in_a_file_requires_https(tmp_path: Path, value: str) -> None:
    write(tmp_path, f"[build]\nanchor = '{value}'\n")
    with pytest.raises(ConfigError, match="anchor"):
        load_config({}, {}, tmp_path)
    assert load_config({"anchor": value}, {}, tmp_path).anchor == value


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 100_000, "[build]\nseed = " + "9" * 5000, "\0", "\ufeff[build\n", "[a" * 9999]
)
def test_invalid_toml_is_a_short_error(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError, match=r"spotmap\.toml") as caught:
        load_config({}, {}, tmp_path)
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('sources = ["folder:C:\\Users\\me\\Music"]', "write / instead of \\"),
        ('out = "D:\\maps"', "write / instead of \\"),
        ("title = \u201cMusic\u201d", "straight quotation marks"),
        ("sources = [\u201efolder:Musik\u201c]", "straight quotation marks"),
        ('title: "Music"', "Write = between"),
        ("title = My music", "in quotation marks"),
        ("sources = [folder:Music]", "in quotation marks"),
        ("sources = [~/Music]", "in quotation marks"),
        ("offline = True", "true or false"),
        ("offline = yes", "true or false"),
        ('title = "a"\ntitle = "b"', "twice"),
        ("[build]", "twice"),
        ('title = "Music', "Fix that line"),
    ],
)
def test_common_slip_in_a_file_has_a_hint(tmp_path: Path, line: str, advice: str) -> None:
    write(tmp_path, f"[build]\n{line}\n")
    with pytest.raises(ConfigError, match="line ") as caught:
        load_config({}, {}, tmp_path)
    assert advice in caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_file_in_another_encoding_should_be_saved_as_utf_8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "spotmap.toml").write_bytes('[build]\ntitle = "Caf\xe9"\n'.encode(encoding))
    with pytest.raises(ConfigError, match=r"line [12] is not UTF-8 text\.$") as caught:
        load_config({}, {}, tmp_path)
    assert caught.value.hint == "Save the file as UTF-8."


@pytest.mark.parametrize(
    ("written", "shown"),
    [("true", "true"), ("2024-01-01", "2024-01-01"), ("[1, false]", "[1, false]"), ("{a = true}", "{a = true}")],
)
def test_refused_value_is_shown_as_a_file_writes_it(tmp_path: Path, written: str, shown: str) -> None:
    write(tmp_path, f"[build]\ntitle = {written}\n")
    with pytest.raises(ConfigError, match=re.escape(f"must be a text; it is {shown}.")):
        load_config({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("key", "meant"), [("as", "layers"), ("source", "sources"), ("max-rate", "max_rate_bytes_s"), ("tittle", "title")]
)
def test_name_of_an_option_is_understood_as_its_key(tmp_path: Path, key: str, meant: str) -> None:
    write(tmp_path, f'[build]\n{key} = "x"\n')
    with pytest.raises(ConfigError, match="unknown key") as caught:
        load_config({}, {}, tmp_path)
    assert caught.value.hint == f"Did you mean '{meant}'?"


def test_configuration_must_be_a_regular_file_of_limited_size(tmp_path: Path) -> None:
    for file in (Path("/dev/zero"), tmp_path / "pipe", tmp_path / "large", tmp_path):
        if file.name == "pipe":
            os.mkfifo(file)
        if file.name == "large":
            file.write_bytes(b"#" * (2 << 20))
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config({}, {}, tmp_path, file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", "99999999999999999999"),
        ("seed", "0x" + "f" * 5000),
        ("seed", "4294967296"),
        ("seed", "-1"),
        ("jobs", "1000000000"),
        ("jobs", "0x" + "f" * 5000),
        ("max_failures", "0x" + "f" * 5000),
        ("max_failures", "'nan%'"),
        ("max_rate_bytes_s", "0x" + "f" * 5000),
        ("max_rate_bytes_s", "inf"),
        ("max_rate_bytes_s", "'1e300'"),
        ("searches_per_s", "0x" + "f" * 5000),
        ("searches_per_s", "1e-308"),
        ("searches_per_s", "1e300"),
        ("searches_per_s", "nan"),
        ("download_pause_s", "inf"),
        ("download_pause_s", "-0.01"),
        ("download_pause_s", "1e300"),
        ("force", "0x" + "f" * 5000),
        ("fresh", "0x" + "f" * 5000),
        ("title", "0x" + "f" * 5000),
        ("embedder", "0x" + "f" * 5000),
        ("layers", "[0x" + "f" * 5000 + "]"),
        ("out", '"a\\u0000b"'),
        ("sources", '"folder:a\\u0000b"'),
        ("sources", '["table:~nobody-of-this-name/x"]'),
        ("report", "'~nobody-of-this-name/x'"),
        ("report", "'" + "x" * 300 + "'"),
        ("summary", "'" + "x" * 300 + "'"),
        ("sources", "['folder:" + "x" * 300 + "']"),
        ("summary", "'spotmap.toml/x'"),
        ("cache_dir", "'loop'"),
    ],
)
def test_value_out_of_bounds_is_a_short_error(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    write(tmp_path, f"[build]\n{name} = {value}\n")
    with pytest.raises(ConfigError, match=name) as caught:
        load_config({}, {}, tmp_path)
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00", 0, 0.0, "-0.0"])
def test_zero_download_pause_is_accepted_in_every_notation(tmp_path: Path, zero: object) -> None:
    assert load_config({"download_pause_s": zero}, {}, tmp_path).download_pause_s == 0


def test_title_and_names_are_single_lines_without_control_characters(tmp_path: Path) -> None:
    config = load_config({"title": " My\n\x1b[2J map\u202e ", "layers": "me\x1b,my\tfriend"}, {}, tmp_path)
    assert (config.title, config.layers) == ("My [2J map", ("me", "my friend"))


@pytest.mark.parametrize(
    "variable", ["SPOTMAP_SITE_URL", "SPOTMAP_EXECUTOR", "SPOTMAP_SPOTIFY_ACCOUNTS", "SPOTMAP_WATCH_URL"]
)
def test_login_in_a_refused_address_is_not_repeated(tmp_path: Path, variable: str) -> None:
    with pytest.raises(ConfigError, match="//host") as caught:
        load_config({}, {variable: "http://me:secret@host:1/"}, tmp_path)
    assert "secret" not in caught.value.message


def test_largest_seed_is_accepted(tmp_path: Path) -> None:
    assert load_config({"seed": "4294967295"}, {}, tmp_path).seed == 4294967295


def test_errors_name_the_command_line_option(tmp_path: Path) -> None:
    """``Setting.option`` is an option of the command that sets it; a setting without one is not an option."""
    build = main.commands["build"]
    options = {option.name: option.opts for option in build.get_params(click.Context(build))}
    for setting in SETTINGS:
        if setting.flag == NOT_A_FLAG:
            assert setting.name not in options
        else:
            assert setting.option in options[setting.name]
    for flags, named in (
        ({"layers": ","}, "--as"),
        ({"max_rate_bytes_s": "x"}, "--max-rate"),
        ({"sources": (1,)}, "--source "),
    ):
        with pytest.raises(ConfigError, match=f"^{named}"):
            load_config(flags, {}, tmp_path)


@pytest.mark.parametrize(
    ("out", "report"),
    [
        ("site", "site.report.json"),
        ("link", "link.report.json"),
        ("sub/..", "{base}.report.json"),
        ("n" * 243, "n" * 243 + ".report.json"),
        ("n" * 244, "n" * 230 + "-*.report.json"),
        ("\u3042" * 85, "\u3042" * 76 + "-*.report.json"),
        (os.fsdecode(b"\xff\xfe"), os.fsdecode(b"\xff\xfe.report.json")),
    ],
)
def test_report_is_placed_next_to_the_site_with_a_valid_name(tmp_path: Path, out: str, report: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("sub")
    found = load_config({"out": out}, {}, tmp_path).report_path
    assert len(os.fsencode(found.name)) <= 255
    assert fnmatch(found.name, report.format(base=tmp_path.name))
    assert found.parent == (tmp_path.parent if ".." in out else tmp_path)
    assert found.name != load_config({"out": f"{out[:-1]}x"}, {}, tmp_path).report_path.name


@pytest.mark.parametrize("out", [".", "..", "sub/../../{base}", "link"])
def test_site_in_the_working_folder_has_its_cache_outside(tmp_path: Path, out: str) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    (folder / "sub").mkdir()
    (folder / "link").symlink_to(folder)
    config = load_config({"out": out.format(base="map")}, {}, folder)
    site, cache = config.out.resolve(), config.cache_dir.resolve()
    assert not cache.is_relative_to(site)
    assert not site.is_relative_to(cache)
    given = load_config({"out": out.format(base="map"), "cache_dir": "c"}, {}, folder)
    assert given.cache_dir == folder / "c"


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
        ("[endpoints]\nmodels_uri = 'https://x'\n", "models_uri"),
        ("[build\n", "spotmap.toml"),
    ],
)
def test_mistake_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError, match=named):
        load_config({}, {}, tmp_path)


def test_unknown_key_suggests_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "[build]\ntitel = 'x'\n")
    with pytest.raises(ConfigError) as caught:
        load_config({}, {}, tmp_path)
    assert caught.value.hint == "Did you mean 'title'?"


def test_explicit_configuration_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_config({}, {}, tmp_path, tmp_path / "absent.toml")


def test_invalid_environment_variable_is_named(tmp_path: Path) -> None:
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
def test_failure_bound_is_exceeded_only_beyond_its_value(
    bound: FailureBound, failed: int, total: int, passed: bool
) -> None:
    assert bound.is_passed(failed, total) is passed
