"""All settings of a build. Each is declared once, with its names in the file, the environment and on the command line.

Command-line options and the names in error messages are generated from this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from spotmap_build import config_values as values
from spotmap_build.core.language import AUTO, LANGUAGES
from spotmap_build.core.translation import translatable
from spotmap_build.registry import embedders, themes
from spotmap_build.registry.embedders import DEFAULT, DEMO_DEFAULT, EMBEDDERS
from spotmap_build.registry.sources import SOURCES

AUDIO: Final = ("auto", "youtube", "previews")
ENGINES: Final = ("essentia", "onnx")
LOGS: Final = ("auto", "tty", "plain", "json")
MAX_SEED: Final = (1 << 32) - 1
MAX_EXCERPT_S: Final = 60
POSTER_SIZES: Final = ("a2", "a3")
METRICS: Final = ("centered", "cosine", "standardized")
PATHS: Final = ("relative", "absolute")
MAX_JOBS: Final = 1024
NOT_A_FLAG: Final = "-"
ENDPOINTS: Final = "endpoints"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: where it may be given and how its value is parsed.

    Attributes
    ----------
    flag : str
        Name of the command-line option if it differs from ``name``; ``NOT_A_FLAG`` if there is no option.
    key : str
        Key in the settings file if it differs from ``name``.
    in_file : bool
        Whether a settings file may set it. The file may come with a project that somebody else wrote, so it must not
        decide where a login is sent, nor permit anything that the user was not asked about.
    is_place : bool
        Whether a build writes to this path, or trusts what it reads there. A settings file may only name such paths
        inside its own folder.
    secret : bool
        Never shown, not even in an error.
    help, metavar : str
        Texts of ``--help``.
    kind : str
        ``switch`` has no value (``force``), ``on-off`` also has a ``--no-`` form, ``many`` can be given several times.
    choices : tuple of str
        The allowed values; empty if they are not a short list.
    """

    name: str
    env: str
    read: Callable[[object, Path], object]
    table: str = "build"
    flag: str = ""
    key: str = ""
    in_file: bool = True
    is_place: bool = False
    secret: bool = False
    help: str = ""
    metavar: str = ""
    kind: Literal["value", "number", "switch", "on-off", "many"] = "value"
    choices: tuple[str, ...] = ()

    @property
    def key_in_file(self) -> str:
        """The key in the settings file."""
        return self.key or self.name

    @property
    def option(self) -> str:
        """The command-line option; empty if there is none."""
        return "" if self.flag == NOT_A_FLAG else f"--{(self.flag or self.name).replace('_', '-')}"

    @property
    def elsewhere(self) -> str:
        """How to set it outside of a file, as the end of a sentence."""
        if self.option:
            return translatable(f"give {self.option}, or set the environment variable {self.env}")
        return translatable(f"set the environment variable {self.env}")


def _either(words: list[str]) -> str:
    """Join words: "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]])


def _text(
    name: str, env: str, metavar: str, help_text: str, read: Callable[[object, Path], object], **more: Any
) -> Setting:
    return Setting(name, env, read, help=help_text, metavar=metavar, **more)


def _place(name: str, env: str, metavar: str, help_text: str) -> Setting:
    return Setting(name, env, values.read_path, is_place=True, help=help_text, metavar=metavar)


def _number(name: str, env: str, maximum: int, help_text: str) -> Setting:
    return Setting(name, env, values.whole_number(maximum), help=help_text, metavar="N", kind="number")


def _choice(name: str, env: str, choices: tuple[str, ...], help_text: str) -> Setting:
    return Setting(name, env, values.choice(*choices), help=help_text, choices=choices)


def _switch(name: str, env: str, help_text: str, *, in_file: bool = True) -> Setting:
    return Setting(name, env, values.read_flag, in_file=in_file, help=help_text, kind="switch")


def _only_in_file(name: str, env: str, read: Callable[[object, Path], object], help_text: str) -> Setting:
    return Setting(name, env, read, flag=NOT_A_FLAG, help=help_text)


def _endpoint(name: str, env: str, of: str, read: Callable[[object, Path], object] = values.read_url) -> Setting:
    help_text = f"The address of {of}, or of a substitute."
    return Setting(name, env, read, table=ENDPOINTS, flag=NOT_A_FLAG, in_file=False, help=help_text)


def _of_registry(
    name: str, env: str, ours: tuple[str, ...], names: Callable[[], tuple[str, ...]], help_text: str
) -> Setting:
    """Return a setting whose values are the rows of a registry, including those added by plugins."""

    def read(value: object, _base: Path) -> str:
        # Plugins are searched only for names that are not built in.
        if not isinstance(value, str) or (value not in ours and value not in names()):
            raise ValueError(f"must be one of {', '.join(names())}")
        return value

    return Setting(name, env, read, help=help_text, metavar=f"[{'|'.join((*ours, 'NAME'))}]")


SETTINGS: Final = (
    _text(
        "sources",
        "SPOTMAP_SOURCES",
        "KIND[:PATH]",
        f"Where the music comes from: {_either([kind.usage for kind in SOURCES])}. Can be given several times.",
        values.read_sources,
        flag="source",
        kind="many",
    ),
    _text(
        "layers",
        "SPOTMAP_AS",
        "NAME,NAME",
        "Several people's libraries on one map: one name per source, in order.",
        values.read_names,
        flag="as",
    ),
    _place("out", "SPOTMAP_OUT", "DIR", "Folder to write the site to.  [default: site]"),
    _text("title", "SPOTMAP_TITLE", "TEXT", "The map's title.  [default: from the source]", values.read_title),
    _text("site_url", "SPOTMAP_SITE_URL", "URL", "Address at which the site will be published.", values.read_site_url),
    _switch("indexed", "SPOTMAP_INDEXED", "Let search engines list the site; by default, its page asks them not to."),
    _of_registry(
        "embedder",
        "SPOTMAP_EMBEDDER",
        tuple(EMBEDDERS),
        embedders.names,
        f"Embedding model: {'; '.join(f'{spec.name} {spec.summary}' for spec in EMBEDDERS.values())}.  "
        f"[default: {DEFAULT}; the demo: {DEMO_DEFAULT}]",
    ),
    _of_registry(
        "theme",
        "SPOTMAP_THEME",
        tuple(theme.name for theme in themes.THEMES),
        themes.names,
        f"The page's colors: {'; '.join(f'{theme.name} {theme.summary}' for theme in themes.THEMES)}.  "
        "[default: the page's own]",
    ),
    _place(
        "template",
        "SPOTMAP_TEMPLATE",
        "DIR",
        "Folder with files that replace the page template's files of the same names.  [default: none]",
    ),
    _choice(
        "engine",
        "SPOTMAP_ENGINE",
        ENGINES,
        "Runtime of the embedding model; both give the same results.  [default: onnx]",
    ),
    Setting(
        "heads",
        "SPOTMAP_HEADS",
        values.read_flag,
        help="Also predict moods, instruments, voice, dance appeal and cheerfulness with discogs-effnet (7 MB are "
        "downloaded once).  [default: heads]",
        kind="on-off",
    ),
    _choice(
        "metric",
        "SPOTMAP_METRIC",
        METRICS,
        "How to compare your own vectors: by their angle around the mean (centered), by their angle as they are "
        "(cosine), or around the mean with every dimension scaled to the same spread (standardized).  "
        "[default: centered]",
    ),
    _place(
        "cache_dir",
        "SPOTMAP_CACHE_DIR",
        "DIR",
        "Folder for finished work, so that the next build is quick.  [default: .spotmap/cache]",
    ),
    _place(
        "report",
        "SPOTMAP_REPORT",
        "FILE",
        "File for the report on every track.  [default: next to the site]",
    ),
    _switch("offline", "SPOTMAP_OFFLINE", "Contact no service; build from what has been fetched before."),
    Setting(
        "listen",
        "SPOTMAP_LISTEN",
        values.read_flag,
        help="Find, download and analyze new tracks that are not your own files; with --no-listen, they wait.  "
        "[default: listen]",
        kind="on-off",
    ),
    _choice(
        "audio",
        "SPOTMAP_AUDIO",
        AUDIO,
        "What to analyze for tracks that are not your own files: whole recordings from YouTube, 30-second "
        "previews from Deezer, or auto: previews for a map within the hour, then whole recordings.  [default: "
        "auto]",
    ),
    _text(
        "time_limit_s",
        "SPOTMAP_TIME_LIMIT",
        "TIME",
        "Publish what is ready after this time, such as 2h; the next build continues.  [default: until all "
        "tracks are analyzed]",
        values.parse_duration,
        flag="time-limit",
    ),
    _choice(
        "paths",
        "SPOTMAP_PATHS",
        PATHS,
        "How lists name your own files. A build puts these paths into the site, where everybody who sees the "
        "map can read them; relative means relative to the library's folder.  [default: none in the site; "
        "absolute in playlists]",
    ),
    Setting(
        "excerpts",
        "SPOTMAP_EXCERPTS",
        values.whole_number(MAX_EXCERPT_S),
        help="Put this many seconds of each track on this machine into the site, where everybody who sees the map "
        "can hear them: only for music that is yours to share. Twelve seconds take about 100 KB per track.  "
        "[default: none]",
        metavar="SECONDS",
        kind="number",
    ),
    _switch("retry", "SPOTMAP_RETRY", "Retry everything that failed before, even if it is not due yet."),
    _place(
        "overrides",
        "SPOTMAP_OVERRIDES",
        "FILE",
        "File with the recordings that you chose yourself (see review).  [default: overrides.toml]",
    ),
    _place(
        "keep_audio", "SPOTMAP_KEEP_AUDIO", "DIR", "Folder in which to keep downloaded audio.  [default: it is deleted]"
    ),
    _place("cookies", "SPOTMAP_COOKIES", "FILE", "File with your browser's cookies for YouTube (Netscape format)."),
    _text(
        "max_rate_bytes_s",
        "SPOTMAP_MAX_RATE",
        "SIZE",
        "Maximum download rate per second, such as 1M.",
        values.parse_size,
        flag="max-rate",
    ),
    _place("summary", "SPOTMAP_SUMMARY", "FILE", "File for the summary of the build, as Markdown."),
    _place(
        "poster",
        "SPOTMAP_POSTER",
        "FILE",
        "Draw the map as a printable poster, with title, names and legend: FILE.svg or FILE.png.",
    ),
    _choice("poster_size", "SPOTMAP_POSTER_SIZE", POSTER_SIZES, "Size of the poster, upright.  [default: a2]"),
    _number("jobs", "SPOTMAP_JOBS", MAX_JOBS, "Number of tracks to analyze in parallel.  [default: one per processor]"),
    _text(
        "executor",
        "SPOTMAP_EXECUTOR",
        "dask://HOST:PORT",
        "Analyze tracks on the Dask cluster with this scheduler.  [default: on this machine]",
        values.read_executor,
        in_file=False,
    ),
    Setting(
        "shard",
        "SPOTMAP_SHARD",
        values.read_shard,
        in_file=False,
        help="Analyze only one of N shares of the tracks, and only fill the cache: no map, no report. For several "
        "machines; cache merge combines their caches.",
        metavar="I/N",
    ),
    _text(
        "max_failures",
        "SPOTMAP_MAX_FAILURES",
        "N|N%",
        "End with status 3 if more tracks than this are missing.  [default: no limit]",
        values.read_failure_bound,
    ),
    _switch(
        "force", "SPOTMAP_FORCE", "Write into a folder, or over a report, even if no build created it.", in_file=False
    ),
    _number(
        "seed",
        "SPOTMAP_SEED",
        MAX_SEED,
        "Random seed of the layout; another number gives another first map.  [default: 42]",
    ),
    _text(
        "anchor",
        "SPOTMAP_ANCHOR",
        "SITE|none",
        "The map to continue, so that tracks stay in place: the folder or address of a site, or none for a map from "
        "scratch.  [default: the last one]",
        values.read_text,
    ),
    _switch("fresh", "SPOTMAP_FRESH", "Compute a new layout, and align it with the last one."),
    _choice(
        "language",
        "SPOTMAP_LANGUAGE",
        (AUTO, *LANGUAGES),
        "Language of the page, for everybody, and of the terminal.  [default: auto: the page in the language of "
        "the reader's browser, the terminal in English]",
    ),
    _choice("log", "SPOTMAP_LOG", LOGS, "How to show progress.  [default: a bar on a terminal, lines elsewhere]"),
    Setting(
        "fetch_covers",
        "SPOTMAP_FETCH_COVERS",
        values.read_flag,
        table="covers",
        flag=NOT_A_FLAG,
        key="fetch",
        help="Whether to fetch album covers from the services that have them.  [default: true]",
    ),
    Setting(
        "push_lists",
        "SPOTMAP_PUSH_LISTS",
        values.read_names,
        table="push",
        flag=NOT_A_FLAG,
        key="lists",
        help="The lists that push writes to Spotify if the command names none.",
    ),
    Setting(
        "models_dir",
        "SPOTMAP_MODELS_DIR",
        values.read_path,
        flag=NOT_A_FLAG,
        is_place=True,
        help="Folder for downloaded weights.  [default: your cache folder]",
    ),
    _only_in_file(
        "searches_per_s",
        "SPOTMAP_SEARCHES_PER_S",
        values.number(0.001, 100),
        "Maximum number of YouTube Music searches per second.  [default: 2]",
    ),
    _only_in_file(
        "previews_per_s",
        "SPOTMAP_PREVIEWS_PER_S",
        values.number(0.001, 100),
        "Maximum number of requests to Deezer per second.  [default: 5]",
    ),
    _only_in_file(
        "download_pause_s",
        "SPOTMAP_DOWNLOAD_PAUSE_S",
        values.number(0, 86_400),
        "Minimum number of seconds between the starts of two downloads.  [default: 8]",
    ),
    Setting(
        "spotify_login",
        "SPOTMAP_SPOTIFY_LOGIN",
        values.read_text,
        flag=NOT_A_FLAG,
        in_file=False,
        secret=True,
        help="The output of login --print-ci-secret, for a machine without a token file. Keep it secret.",
    ),
    Setting(
        "token_file",
        "SPOTMAP_TOKEN_FILE",
        values.read_path,
        flag=NOT_A_FLAG,
        in_file=False,
        help="File with the login to Spotify.  [default: in your configuration folder]",
    ),
    _endpoint("models_url", "SPOTMAP_MODELS", "the model weights"),
    _endpoint("spotify_api_url", "SPOTMAP_SPOTIFY_API", "Spotify's Web API"),
    _endpoint("spotify_accounts_url", "SPOTMAP_SPOTIFY_ACCOUNTS", "Spotify's accounts service"),
    _endpoint("ytmusic_url", "SPOTMAP_YTMUSIC", "YouTube Music"),
    _endpoint("deezer_url", "SPOTMAP_DEEZER", "Deezer's API"),
    _endpoint("watch_url", "SPOTMAP_WATCH_URL", "YouTube's video pages (with {video_id} in it)", values.read_watch_url),
)
