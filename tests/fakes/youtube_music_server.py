"""A fake of YouTube Music's search on 127.0.0.1, in the format that the real ytmusicapi parses.

In a test::

    with serve(YouTubeMusicServer(catalog)) as music:
        client = YouTubeMusic(music.base_url, ...)

As a process that prints the environment variable for spotmap-build::

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
from tests.fakes.http_server import HttpServer, Request, Response, serve_until_interrupted, serving

PAGE = 20
VISITOR_ID = "CgtmYWtldmlzaXRvciUzRA"
HOME = f"""<!doctype html><title>YouTube Music</title><script>
ytcfg.set({{"VISITOR_DATA": "{VISITOR_ID}", "HL": "en"}});</script><a href="/signin">Sign in</a>"""
ALBUM_AUDIO = "MUSIC_VIDEO_TYPE_ATV"
FILTERS = {"EgWKAQII": "songs", "EgWKAQIQ": "videos"}
"""Search parameters start with these characters to restrict results to one kind."""


@dataclass(frozen=True)
class FakeRecording:
    """One recording. ``video_type``: ``MUSIC_VIDEO_TYPE_ATV`` is listed as a song, all others as videos.

    ``artists`` may be empty and ``duration_s`` None, as on the real service.
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
    """The searchable catalog. A recording is found by its ISRC, or by any word of its title, artists or album.

    ``shows_covers``: songs have thumbnails (the same for all songs of an album), which this server serves.
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
        """The searches as (text, kind), in order."""
        return [parse_search(request) for request in self.requests if request.place.endswith("/search")]

    def respond(self, request: Request) -> Response:
        if request.method == "GET" and request.place == "/":
            return Response(HOME.encode(), "text/html; charset=utf-8")
        if request.method == "POST" and request.place == "/youtubei/v1/search":
            return Response(json.dumps(page_of(self.find(*parse_search(request)), self.thumbnails)).encode())
        if request.place.startswith("/image/"):
            return Response(pictures.cover(request.place, 120), "image/jpeg")
        return Response(b'{"error": {"code": 404, "message": "Requested entity was not found."}}', status=404)

    def thumbnails(self, recording: FakeRecording) -> list[dict[str, Any]]:
        """Return the sizes of the album's cover, smallest first."""
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
        """Return recordings of one kind, best first, ranked by the share of words in common with the query."""
        query_words = words_of(text)
        ranked = []
        for position, recording in enumerate(self.catalog):
            overlap = len(query_words & recording.words) / (len(query_words | recording.words) or 1)
            score = 2.0 if recording.isrc and recording.isrc.casefold() == text.casefold() else overlap
            if score and recording.kind == kind:
                ranked.append((-score, position, recording))
        return [recording for _, _, recording in sorted(ranked, key=lambda row: row[:2])[:PAGE]]


def image_name(album: str) -> str:
    """Return the part of the URL that all thumbnails of an album share."""
    return hashlib.sha256(album.encode()).hexdigest()[:32]


def parse_search(request: Request) -> tuple[str, str]:
    body = json.loads(request.body)
    return body["query"], FILTERS[body["params"][:8]]


Thumbnails = Callable[[FakeRecording], list[dict[str, Any]]]


def page_of(found: list[FakeRecording], thumbnails: Thumbnails = lambda _recording: []) -> Any:
    """Return a page of results, nested like Innertube's."""
    if found:
        shelf = {
            "title": runs(run("Songs" if found[0].kind == "songs" else "Videos")),
            "contents": [
                {"musicResponsiveListItemRenderer": item(recording, thumbnails(recording))} for recording in found
            ],
            "continuations": [{"nextContinuationData": {"continuation": "EpwFEgZ0aGUtbmV4dA"}}],
        }
        section: Any = {"musicShelfRenderer": shelf}
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
    """Return the second column: ``Artist & Artist • Album • 3:45``."""
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
