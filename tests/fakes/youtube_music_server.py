"""YouTube Music's search on 127.0.0.1, in the words that the real ytmusicapi reads.

In a test::

    with serve(YouTubeMusicServer(catalog)) as music:
        client = YouTubeMusic(music.base_url, ...)

As a process, which prints the variable that makes the command use it::

    python -m tests.fakes.youtube_music_server --catalog recordings.json --port 8124

The catalog is a JSON list of objects with the fields of :class:`FakeRecording`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import pictures
from tests.fakes.http_server import Answer, Asked, HttpServer, serve_until_interrupted, serving

PAGE = 20
VISITOR_ID = "CgtmYWtldmlzaXRvciUzRA"
HOME = f"""<!doctype html><title>YouTube Music</title><script>
ytcfg.set({{"VISITOR_DATA": "{VISITOR_ID}", "HL": "en"}});</script><a href="/signin">Sign in</a>"""
ALBUM_AUDIO = "MUSIC_VIDEO_TYPE_ATV"
FILTERS = {"EgWKAQII": "songs", "EgWKAQIQ": "videos"}
"""How the parameter of a search begins that asks for one kind only."""


@dataclass(frozen=True)
class FakeRecording:
    """One recording. ``video_type``: ``MUSIC_VIDEO_TYPE_ATV`` is found among the songs, all others among the videos.

    ``artists`` may be empty and ``duration_s`` None: the real one knows such, too.
    """

    video_id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: int | None = None
    video_type: str = ALBUM_AUDIO
    explicit: bool = False
    year: int | None = None
    isrc: str = ""
    available: bool = True

    @property
    def kind(self) -> str:
        return "songs" if self.video_type == ALBUM_AUDIO else "videos"

    @property
    def words(self) -> frozenset[str]:
        return words_of(" ".join((self.title, *self.artists, self.album)))


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def read_catalog(path: Path) -> list[FakeRecording]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [FakeRecording(**{**row, "artists": tuple(row.get("artists", ()))}) for row in rows]


@dataclass
class YouTubeMusicServer(HttpServer):
    """What it can find. A recording is found by its ISRC, or by any word of the title, artists or album.

    ``shows_covers``: songs have thumbnails, one an album, which it serves itself.
    """

    catalog: list[FakeRecording] = field(default_factory=list)
    shows_covers: bool = False

    @property
    def base_url(self) -> str:
        return f"{self.url}/"

    @property
    def environment(self) -> dict[str, str]:
        return {"SPOTMAP_YTMUSIC": self.base_url}

    @property
    def searches(self) -> list[tuple[str, str]]:
        """What was searched for and among what, in order."""
        return [searched(asked) for asked in self.asked if asked.place.endswith("/search")]

    def answer(self, asked: Asked) -> Answer:
        if asked.method == "GET" and asked.place == "/":
            return Answer(HOME.encode(), "text/html; charset=utf-8")
        if asked.method == "POST" and asked.place == "/youtubei/v1/search":
            return Answer(json.dumps(page_of(self.find(*searched(asked)), self.thumbnails)).encode())
        if asked.place.startswith("/image/"):
            return Answer(pictures.cover(asked.place, 120), "image/jpeg")
        return Answer(b'{"error": {"code": 404, "message": "Requested entity was not found."}}', status=404)

    def thumbnails(self, recording: FakeRecording) -> list[dict[str, Any]]:
        """The sizes of its album's cover, the smallest first."""
        if not self.shows_covers:
            return []
        return [
            {
                "url": f"{self.url}/image/{image_name(recording.album)}=w{edge}-h{edge}-l90-rj",
                "width": edge,
                "height": edge,
            }
            for edge in (60, 120)
        ]

    def find(self, text: str, kind: str) -> list[FakeRecording]:
        """The best of one kind, best first: by the share of words that the query and the recording have in common."""
        wanted = words_of(text)
        ranked = []
        for place, recording in enumerate(self.catalog):
            common = len(wanted & recording.words) / (len(wanted | recording.words) or 1)
            score = 2.0 if recording.isrc and recording.isrc.casefold() == text.casefold() else common
            if score and recording.kind == kind:
                ranked.append((-score, place, recording))
        return [recording for _, _, recording in sorted(ranked, key=lambda row: row[:2])[:PAGE]]


def image_name(album: str) -> str:
    """What the addresses of an album's thumbnails have in common."""
    return hashlib.sha256(album.encode()).hexdigest()[:32]


def searched(asked: Asked) -> tuple[str, str]:
    body = json.loads(asked.body)
    return body["query"], FILTERS[body["params"][:8]]


Thumbnails = Callable[[FakeRecording], list[dict[str, Any]]]


def page_of(found: list[FakeRecording], thumbnails: Thumbnails = lambda _recording: []) -> Any:
    """A page of results as innertube nests it."""
    if found:
        snapshots = {
            "title": runs(run("Songs" if found[0].kind == "songs" else "Videos")),
            "contents": [
                {"musicResponsiveListItemRenderer": item(recording, thumbnails(recording))} for recording in found
            ],
            "continuations": [{"nextContinuationData": {"continuation": "EpwFEgZ0aGUtbmV4dA"}}],
        }
        section: Any = {"musicShelfRenderer": snapshots}
    else:
        nothing = {"messageRenderer": {"text": runs(run("No results found"))}}
        section = {"itemSectionRenderer": {"contents": [nothing]}}
    tab = {"tabRenderer": {"title": "YT Music", "content": {"sectionListRenderer": {"contents": [section]}}}}
    return {"contents": {"tabbedSearchResultsRenderer": {"tabs": [tab]}}}


def item(recording: FakeRecording, thumbnails: Sequence[dict[str, Any]] = ()) -> Any:
    play = watch(recording)
    renderer: dict[str, Any] = {
        "flexColumns": [column(run(recording.title, watch=play)), column(*byline(recording))],
        "overlay": {
            "musicItemThumbnailOverlayRenderer": {
                "content": {"musicPlayButtonRenderer": {"playNavigationEndpoint": play}}
            }
        },
        "thumbnail": {"musicThumbnailRenderer": {"thumbnail": {"thumbnails": list(thumbnails)}}},
    }
    if recording.explicit:
        badge = {"accessibilityData": {"accessibilityData": {"label": "Explicit"}}}
        renderer["badges"] = [{"musicInlineBadgeRenderer": badge}]
    if not recording.available:
        renderer["musicItemRendererDisplayPolicy"] = "MUSIC_ITEM_RENDERER_DISPLAY_POLICY_GREY_OUT"
    return renderer


def byline(recording: FakeRecording) -> list[Any]:
    """``Artist & Artist • Album • 3:45``: what stands in the second column, with a separator between each."""
    groups: list[list[Any]] = []
    artists = [run(name, browse=f"UC{abs(hash(name)):022d}") for name in recording.artists]
    if artists:
        separated = [part for artist in artists for part in (run(" & "), artist)]
        groups.append(separated[1:])
    if recording.album and recording.kind == "songs":
        groups.append([run(recording.album, browse=f"MPREb_{abs(hash(recording.album))}")])
    if recording.kind == "videos":
        groups.append([run("1.2M views")])
    if recording.duration_s is not None:
        groups.append([run(f"{recording.duration_s // 60}:{recording.duration_s % 60:02}")])
    if recording.year is not None:
        groups.append([run(str(recording.year))])
    return [part for group in groups for part in (run(" • "), *group)][1:] or [run(" ")]


def watch(recording: FakeRecording) -> Any:
    config = {"watchEndpointMusicConfig": {"musicVideoType": recording.video_type}}
    endpoint = {"videoId": recording.video_id, "watchEndpointMusicSupportedConfigs": config}
    return {"watchEndpoint": endpoint} if recording.video_id else {}


def column(*parts: Any) -> Any:
    return {"musicResponsiveListItemFlexColumnRenderer": {"text": runs(*parts)}}


def runs(*parts: Any) -> Any:
    return {"runs": list(parts)}


def run(text: str, *, browse: str = "", watch: Any = None) -> Any:
    if browse:
        return {"text": text, "navigationEndpoint": {"browseEndpoint": {"browseId": browse}}}
    return {"text": text, "navigationEndpoint": watch} if watch else {"text": text}


@contextmanager
def serve(server: YouTubeMusicServer, port: int = 0) -> Iterator[YouTubeMusicServer]:
    """Serve until the end of the block."""
    with serving(server, port):
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    server = YouTubeMusicServer(catalog=read_catalog(arguments.catalog))
    serve_until_interrupted(server, arguments.port, "SPOTMAP_YTMUSIC", "/")


if __name__ == "__main__":
    main()
