"""The responses of Spotify's Web API, as of 2026, to an app in development mode. ``spotify_server`` serves them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fakes.spotify_library import FakePlaylist, artist_json, playlist_row, spotify_id, stamp, track_json

if TYPE_CHECKING:
    from tests.fakes.spotify_server import SpotifyServer

MAX_PAGE_SIZE = 50
MAX_ITEMS = 100


class ApiError(Exception):
    """An error response: its status and content."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.status = status
        self.content = content


def api_error(status: int, message: str) -> ApiError:
    return ApiError(status, {"error": {"status": status, "message": message}})


def answer_api(server: SpotifyServer, path: str, query: dict[str, str]) -> Any:
    """Return the response to ``GET /v1/<path>``."""
    match [part for part in path.split("/") if part]:
        case ["me"]:
            known = server.library.user_id
            return {"display_name": "Some Body", "id": known, "type": "user", "uri": f"spotify:user:{known}"}
        case ["me", "tracks"]:
            return page(server, path, query, server.library.saved)
        case ["me", "playlists"]:
            return page(server, path, query, [playlist.json for playlist in server.library.playlists])
        case ["playlists", known, "items"]:
            return page(server, path, query, readable_playlist(server, known).rows)
        case ["playlists", _, "tracks"]:
            raise api_error(403, "Forbidden")
        case ["artists", known]:
            return artist(server, known)
    raise api_error(404, "Service not found")


def page(server: SpotifyServer, path: str, query: dict[str, str], rows: list[Any]) -> Any:
    limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
    if not 1 <= limit <= MAX_PAGE_SIZE or offset < 0:
        raise api_error(400, "Invalid limit")
    address = f"{server.api_url}{path}"
    has_next = offset + limit < len(rows)
    items = rows[offset : offset + limit]
    return {
        "href": f"{address}?offset={offset}&limit={limit}",
        "items": [with_cover(server, row) for row in items] if server.shows_covers else items,
        "limit": limit,
        "next": f"{address}?offset={offset + limit}&limit={limit}" if has_next else None,
        "offset": offset,
        "previous": None,
        "total": len(rows),
    }


def with_cover(server: SpotifyServer, row: Any) -> Any:
    """Return a row with images added to its album."""
    shown = dict(row)
    for name in {"item", "track"} & row.keys():
        item = row[name]
        if item and item.get("album", {}).get("id"):
            shown[name] = item | {"album": item["album"] | {"images": server.images(item["album"]["id"])}}
    return shown


def readable_playlist(server: SpotifyServer, known: str) -> FakePlaylist:
    for playlist in server.library.playlists:
        if playlist.id == known:
            if playlist.owner != server.library.user_id and not playlist.collaborative:
                raise api_error(403, "Forbidden")
            return playlist
    raise api_error(404, "Resource not found")


def artist(server: SpotifyServer, known: str) -> Any:
    rows = [*server.library.saved, *(row for playlist in server.library.playlists for row in playlist.rows)]
    for row in rows:
        item = row.get("item") or row.get("track") or {}
        for artist in item.get("artists", ()):
            if artist["id"] == known:
                name = artist["name"]
                genres = {"genres": server.library.genres.get(name, [])} if server.library.genres else {}
                return artist_json(name) | {"images": []} | genres
    raise api_error(404, "Resource not found")


def change_by_api(
    server: SpotifyServer, token: str, method: str, path: str, *, query: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """Return status and content of the response to ``POST``, ``PUT`` or ``DELETE /v1/<path>``."""
    if token not in server.writers:
        raise api_error(403, "Insufficient client scope")
    request = json.loads(body or b"null")
    match [method, *path.split("/")]:
        case ["POST", "me", "playlists"]:
            return 201, json.dumps(_create(server, request).json).encode()
        case ["PUT", "playlists", known]:
            playlist = _own(server, known)
            playlist.created_id = playlist.id
            playlist.name = request.get("name", playlist.name)
            return 200, b""
        case ["POST", "playlists", known, "items"]:
            playlist = _own(server, known)
            uris = request if isinstance(request, list) else request["uris"]
            position = int(query.get("position", len(playlist.rows)))
            if position > len(playlist.rows):
                raise api_error(400, "Index out of bounds")
            playlist.rows[position:position] = _rows(server, uris)
            return _snapshot(201, playlist)
        case ["PUT", "playlists", known, "items"]:
            playlist = _own(server, known)
            if "uris" in request:
                playlist.rows[:] = _rows(server, request["uris"])
            else:
                _move(playlist.rows, request["range_start"], request.get("range_length", 1), request["insert_before"])
            return _snapshot(200, playlist)
        case ["DELETE", "playlists", known, "items"]:
            playlist = _own(server, known)
            removed = {item["uri"] for item in _check_count(request["items"])}
            playlist.rows[:] = [row for row in playlist.rows if not row["item"] or row["item"]["uri"] not in removed]
            return _snapshot(200, playlist)
        case [_, "playlists", _, "tracks"] | [_, "users", *_]:
            raise api_error(403, "Forbidden")
    raise api_error(404, "Service not found")


def _create(server: SpotifyServer, request: dict[str, Any]) -> FakePlaylist:
    if request.get("public", True):
        raise api_error(403, "Insufficient client scope")
    if not request.get("name"):
        raise api_error(400, "Missing required field: name")
    library = server.library
    name, description = request["name"], request.get("description", "")
    created_id = spotify_id("made", len(server.changes), name)
    playlist = FakePlaylist(name, [], library.user_id, description=description, created_id=created_id)
    library.playlists.insert(0, playlist)
    return playlist


def _own(server: SpotifyServer, known: str) -> FakePlaylist:
    for playlist in server.library.playlists:
        if playlist.id == known:
            if playlist.owner != server.library.user_id:
                raise api_error(403, "Forbidden")
            return playlist
    raise api_error(404, "Resource not found")


def _rows(server: SpotifyServer, uris: list[str]) -> list[Any]:
    known = {row["track"]["uri"]: row["track"] for row in server.library.saved if row["track"]}
    added = stamp(-len(server.changes))
    unsaved = {uri: track_json("Unsaved") | {"uri": uri, "id": uri.rpartition(":")[2]} for uri in uris}
    return [playlist_row((unsaved | known)[uri], added) for uri in _check_count(uris)]


def _check_count(items: list[Any]) -> list[Any]:
    if not 0 < len(items) <= MAX_ITEMS:
        raise api_error(400, "Too many ids requested")
    return items


def _move(rows: list[Any], start: int, length: int, before: int) -> None:
    if not 0 <= start < start + length <= len(rows) or not 0 <= before <= len(rows):
        raise api_error(400, "Index out of bounds")
    block = rows[start : start + length]
    del rows[start : start + length]
    at = before if before <= start else before - length
    rows[at:at] = block


def _snapshot(status: int, playlist: FakePlaylist) -> tuple[int, bytes]:
    return status, json.dumps({"snapshot_id": playlist.snapshot_id}).encode()
