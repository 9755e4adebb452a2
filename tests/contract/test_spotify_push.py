"""`push` creates private Spotify playlists from the map's lists and updates them: the real client and command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.describe import push_lines
from spotmap_build.emit.lists import TrackList
from spotmap_build.errors import ConfigError, LoginError, OutputError, ServiceError, ServiceRefused
from spotmap_build.fetch.spotify.api import NotWritable
from spotmap_build.fetch.spotify.playlist_changes import MAX_TRACKS, Change, Made, WantedList
from spotmap_build.fetch.spotify.push import Push
from spotmap_build.fetch.spotify.pushed import PushedLists
from spotmap_build.fetch.spotify.settings import RequestPolicy, SpotifySettings
from spotmap_build.fetch.spotify.token import Login, ci_secret
from spotmap_build.model import Track
from spotmap_build.stages.push import Proposal, choose, push
from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, Json, playlist_row, stamp, track_json
from tests.fakes.spotify_server import Fault, SpotifyServer, serve
from tests.support.command import Outcome, spotmap
from tests.support.spotify_person import Person, logged_in, titles

QUICK = RequestPolicy(timeout_s=60.0, attempts=3, first_pause_s=0.01, longest_wait_s=5, total_wait_s=10)
SONGS = [track_json(f"Song {number}") for number in range(260)]
URIS = [song["uri"] for song in SONGS]


@pytest.fixture
def spotify() -> Iterator[SpotifyServer]:
    """The account of a user with one playlist."""
    own = FakePlaylist("Mine", [playlist_row(SONGS[0], stamp(0))])
    with serve(SpotifyServer(FakeLibrary.of(SONGS, [own]))) as running:
        yield running


@dataclass
class Pusher:
    """A machine that pushes lists."""

    server: SpotifyServer
    folder: Path
    login: Login
    messages: list[str] = field(default_factory=list)

    def push(
        self, *wanted: WantedList, exact: bool = False, meanwhile: Callable[[], object] = lambda: None
    ) -> tuple[Change, ...]:
        """Propose changes, run ``meanwhile`` and apply them; ``server.changes`` then holds the changing requests."""
        self.server.changes.clear()
        settings = SpotifySettings(
            self.folder / "spotify.json",
            api_url=self.server.api_url,
            accounts_url=self.server.accounts_url,
            request_policy=QUICK,
        )
        memory = PushedLists(self.folder / "site.spotify.json", self.login.user_digest)
        with Cache.open(self.folder / "cache") as cache:
            push = Push(settings, self.login, memory, cache, exact=exact, say=self.messages.append)
            changes = push.propose(wanted)
            meanwhile()
            push.apply_changes(changes)
        return changes

    @property
    def playlists(self) -> dict[str, list[str]]:
        """Tracks of the playlists on Spotify by name."""
        return {
            playlist.name: [row["item"]["uri"] for row in playlist.rows] for playlist in self.server.library.playlists
        }

    def playlist(self, name: str) -> FakePlaylist:
        return next(playlist for playlist in self.server.library.playlists if playlist.name == name)


@pytest.fixture
def pusher(spotify: SpotifyServer, tmp_path: Path) -> Pusher:
    return Pusher(spotify, tmp_path, spotify.login(write=True))


def calm(*numbers: int, name: str = "Calm") -> WantedList:
    return WantedList("c1", name, tuple(URIS[number] for number in numbers))


LONG = calm(*range(250))


def test_list_becomes_a_private_playlist_and_a_second_push_changes_nothing(pusher: Pusher) -> None:
    pusher.push(LONG, WantedList("c2", "Loud", tuple(URIS[250:])))
    assert [change.partition(" ")[0] for change in pusher.server.changes] == ["POST"] * 6
    assert pusher.playlists == {"Loud": URIS[250:], "Calm": URIS[:250], "Mine": [URIS[0]]}
    pusher.push(LONG, WantedList("c2", "Loud", tuple(URIS[250:])))
    assert pusher.server.changes == []


def test_changed_list_updates_only_its_playlist(pusher: Pusher) -> None:
    pusher.push(calm(0, 1, 2, 3, 4))
    pusher.push(calm(4, 0, 7, 2, 3, name="Calmer"))
    assert [change.partition(" ")[0] for change in pusher.server.changes] == ["PUT", "DELETE", "PUT", "POST"]
    assert pusher.playlists == {"Calmer": [URIS[number] for number in (4, 0, 7, 2, 3)], "Mine": [URIS[0]]}


def test_changes_made_by_the_user_are_kept(pusher: Pusher) -> None:
    pusher.push(calm(0, 1, 2))
    playlist = pusher.playlist("Calm")
    playlist.created_id, playlist.name = playlist.id, "My calm"
    playlist.rows = [*playlist.rows[1:], playlist_row(SONGS[9], stamp(0)), playlist_row(None, stamp(0))]
    (change,) = pusher.push(calm(0, 1, 2, 3))
    assert [row["item"] and row["item"]["uri"] for row in playlist.rows] == [URIS[1], URIS[2], URIS[3], URIS[9], None]
    assert change.notes == (
        "keeps the name that you gave it, “My calm”",
        "keeps 1 track that you added",
        "omits 1 track that you removed",
    )
    pusher.push(calm(0, 1, 2, 3), exact=True)
    assert (playlist.name, [row["item"]["uri"] for row in playlist.rows if row["item"]]) == ("Calm", URIS[:4])


def test_deleted_playlist_is_recreated_only_with_exact(pusher: Pusher) -> None:
    pusher.push(calm(0, 1))
    pusher.server.library.playlists.remove(pusher.playlist("Calm"))
    (change,) = pusher.push(calm(0, 1, 2))
    assert (pusher.server.changes, change.notes) == ([], ("was deleted on Spotify and is not created again",))
    pusher.push(calm(0, 1, 2), exact=True)
    assert pusher.playlists["Calm"] == URIS[:3]


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (lambda rows: rows.insert(0, playlist_row(SONGS[9], stamp(0))), (9, 3, 0, 1, 2, 4)),
        (lambda rows: rows.pop(0), (3, 1, 2, 4)),
        (lambda rows: rows.reverse(), (3, 2, 1, 0, 4)),
    ],
)
def test_changes_on_spotify_during_the_confirmation_are_respected(
    pusher: Pusher, edit: Callable[[list[Json]], object], after: tuple[int, ...]
) -> None:
    pusher.push(calm(0, 1, 2, 3), WantedList("c2", "Loud", tuple(URIS[20:22])))
    wanted = (calm(3, 0, 1, 2, 4), WantedList("c2", "Loud", tuple(URIS[20:23])))
    pusher.server.requests.clear()
    pusher.push(*wanted, meanwhile=lambda: edit(pusher.playlist("Calm").rows))
    assert pusher.playlists["Calm"] == [URIS[number] for number in after]
    assert pusher.playlists["Loud"] == URIS[20:23]
    assert len(pusher.server.requests_for(f"{pusher.playlist('Loud').id}/items?limit")) == 1, (
        "its snapshot id is unchanged"
    )
    assert [line for line in pusher.messages if "in the meantime" in line] == [
        "“Calm” was changed on Spotify in the meantime: its changes were recomputed."
    ]
    pusher.push(*wanted)
    assert pusher.server.changes == []


def test_playlist_deleted_during_the_confirmation_stays_deleted(pusher: Pusher) -> None:
    pusher.push(calm(0, 1))
    playlist = pusher.playlist("Calm")
    pusher.push(calm(0, 1, 2), meanwhile=lambda: pusher.server.library.playlists.remove(playlist))
    assert (pusher.server.changes, list(pusher.playlists)) == ([], ["Mine"])


def test_simultaneous_pushes_create_one_playlist_per_list(pusher: Pusher, tmp_path: Path) -> None:
    other = replace(pusher, folder=tmp_path / "other")
    other.folder.mkdir()
    pusher.push(calm(0, 1), meanwhile=lambda: other.push(calm(0, 1)))
    assert [playlist.name for playlist in pusher.server.library.playlists] == ["Calm", "Mine"]
    assert pusher.playlists["Calm"] == URIS[:2]


def test_simultaneous_pushes_keep_each_others_records(tmp_path: Path) -> None:
    file = tmp_path / "site.spotify.json"
    calm_push, loud_push, other_user = (PushedLists(file, user) for user in ("me", "me", "you"))
    calm_push.save("c1", Made("p1", "Calm"))
    loud_push.save("c2", Made("p2", "Loud"))
    other_user.save("c1", Made("p3", "Calm"))
    calm_push.save("c1", Made("p1", "Calmer"))
    assert PushedLists(file, "me").known == {"c1": Made("p1", "Calmer"), "c2": Made("p2", "Loud")}
    assert PushedLists(file, "you").known == {"c1": Made("p3", "Calm")}


def test_tracks_beyond_the_playlist_limit_are_counted(pusher: Pusher) -> None:
    config = Config(
        out=pusher.folder / "site",
        cache_dir=pusher.folder / "cache",
        spotify_api_url=pusher.server.api_url,
        spotify_accounts_url=pusher.server.accounts_url,
    )
    tracks = tuple(Track(f"spotify:track:{number}", f"Song {number}") for number in range(MAX_TRACKS + 2))
    lists = [TrackList("c1", "clusters", "Calm", tracks), TrackList("c2", "clusters", "Loud", tracks[:-1])]
    proposals: list[Proposal] = []

    def agree(proposal: Proposal) -> bool:
        proposals.append(proposal)
        return False

    push(config, pusher.login, lists, ["clusters"], exact=False, agree=agree, say=pusher.messages.append)
    push(config, pusher.login, lists[1:], ["c2"], exact=False, agree=agree, say=pusher.messages.append)
    assert [[len(change.added) for change in proposal.changes] for proposal in proposals] == [
        [MAX_TRACKS, MAX_TRACKS],
        [MAX_TRACKS],
    ]
    assert [list(push_lines(proposal))[-1] for proposal in proposals] == [
        "3 tracks exceed the 10,000 that a playlist can hold and are left out.",
        "1 track exceeds the 10,000 that a playlist can hold and is left out.",
    ]


def test_existing_playlist_is_found_from_another_machine(pusher: Pusher, tmp_path: Path) -> None:
    pusher.push(calm(0, 1, 2))
    other = replace(pusher, folder=tmp_path / "other")
    other.folder.mkdir()
    other.push(calm(0, 1, 2))
    assert pusher.server.changes == []
    other.push(calm(0, 1, 2, 3))
    assert other.playlists == {"Calm": URIS[:4], "Mine": [URIS[0]]}


def test_same_list_id_of_another_map_gets_a_separate_playlist(pusher: Pusher) -> None:
    pusher.push(calm(0, 1, 2))
    pusher.push(calm(7, 8, 9, name="Loud"))
    assert pusher.playlists == {"Loud": URIS[7:10], "Calm": URIS[:3], "Mine": [URIS[0]]}


def test_foreign_playlist_with_our_description_is_not_changed(pusher: Pusher) -> None:
    pusher.push(calm(0, 1, 2))
    theirs = pusher.playlist("Calm")
    theirs.owner = "somebody.else"
    theirs.collaborative = True
    (pusher.folder / "site.spotify.json").unlink()
    pusher.push(calm(0, 1, 2, 3))
    assert [row["item"]["uri"] for row in theirs.rows] == URIS[:3]
    assert len(pusher.server.library.playlists) == 3


@pytest.mark.parametrize("kind", ["status", "lost", "reset"])
@pytest.mark.parametrize("path", ["POST /v1/me/playlists", "POST /v1/playlists/"])
@pytest.mark.parametrize("after", [0, 1])
def test_lost_response_does_not_duplicate_playlists_or_tracks(pusher: Pusher, kind: str, path: str, after: int) -> None:
    """The request may have succeeded although its response was lost."""
    pusher.server.faults.append(Fault(kind, 502, path=path, after=after if "items" in path else 0))
    pusher.push(LONG)
    assert pusher.playlists == {"Calm": URIS[:250], "Mine": [URIS[0]]}
    pusher.push(LONG)
    assert pusher.server.changes == []


@pytest.mark.parametrize("kind", ["status", "reset"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_failed_push_is_reported_and_continued_by_the_next(pusher: Pusher, kind: str, after: int) -> None:
    pusher.server.faults.append(Fault(kind, 500, path="POST /v1/playlists/", times=3, after=after))
    with pytest.raises(ServiceError, match="“Calm”: Nothing can be changed on Spotify") as failed:
        pusher.push(LONG)
    assert "Finished changes are recorded" in failed.value.hint
    pusher.server.faults.clear()
    pusher.push(LONG)
    assert pusher.playlists == {"Calm": URIS[:250], "Mine": [URIS[0]]}
    pusher.push(LONG)
    assert pusher.server.changes == []


def test_short_pause_is_waited_for_and_a_long_one_ends_the_push(pusher: Pusher) -> None:
    pusher.server.faults.append(Fault(status=429, headers={"Retry-After": "1"}, path="POST /v1/playlists/"))
    pusher.push(calm(0, 1))
    assert pusher.playlists["Calm"] == URIS[:2]
    pusher.server.faults.append(Fault(status=429, headers={"Retry-After": "3600"}, path="POST /v1/playlists/"))
    with pytest.raises(ServiceRefused, match="60 minutes"):
        pusher.push(calm(0, 1, 2))
    request_count = len(pusher.server.requests)
    with pytest.raises(ServiceRefused, match="accepts requests again after"):
        pusher.push(calm(0, 1, 2))
    assert len(pusher.server.requests) == request_count


def test_app_without_write_access_is_reported(pusher: Pusher) -> None:
    pusher.server.faults.append(Fault(status=403, path="POST /v1/me/playlists", times=9))
    with pytest.raises(
        NotWritable, match=r"does not allow this app to change playlists \(HTTP status 403\)"
    ) as refused:
        pusher.push(calm(0, 1))
    assert "User Management" in refused.value.hint
    assert len(pusher.server.changes) == 0


def test_login_without_write_scope_is_an_error_that_names_the_command(pusher: Pusher) -> None:
    pusher.server.writers.clear()
    with pytest.raises(LoginError, match="does not allow this") as refused:
        pusher.push(calm(0, 1))
    assert "spotmap-build login --write" in refused.value.hint


def test_login_that_ends_during_a_push_is_reported(pusher: Pusher) -> None:
    pusher.push(LONG)
    pusher.server.revoke()
    with pytest.raises(LoginError, match="no longer accepts the login") as ended:
        pusher.push(calm(*range(240)))
    assert "spotmap-build login --write" in ended.value.hint
    assert pusher.playlists["Calm"] == URIS[:250]


def test_access_token_that_expires_during_a_push_is_renewed(pusher: Pusher) -> None:
    pusher.server.faults.append(Fault(status=401, path="POST /v1/playlists/", after=1))
    pusher.push(LONG)
    assert pusher.playlists["Calm"] == URIS[:250]


def test_pushed_playlists_are_not_read_back_into_the_library(pusher: Pusher, tmp_path: Path) -> None:
    person: Person = logged_in(pusher.server, tmp_path)
    before = person.load()
    pusher.push(calm(0, 1, 2))
    loaded = person.load()
    assert loaded.library.playlists == before.library.playlists
    assert titles(loaded) == titles(before)
    assert [(omission.title, omission.code) for omission in loaded.library.omissions] == [("Calm", "made-by-push")]
    assert person.load(offline=True).library == loaded.library


COUNT = 36


def write_table(folder: Path, count: int) -> None:
    """Write a table of three islands of Spotify tracks, and one track that is not on Spotify."""
    places = [(number, number % 3 * 50 + number % 4, number // 4 % 4) for number in range(count)]
    rows = [f"{URIS[number]},Song {number},Artist {number % 3},{x},{y}" for number, x, y in places]
    (folder / "library.csv").write_text("\n".join(["id,title,artist,x,y", *rows, "own,Mine,Artist 0,1,1"]) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_table(tmp_path, COUNT)
    (tmp_path / "spotmap.toml").write_text('[push]\nlists = ["clusters"]\n')
    return tmp_path


def run(folder: Path, server: SpotifyServer, *arguments: object, write: bool = True) -> Outcome:
    server.changes.clear()
    extra = server.environment | {"SPOTMAP_SPOTIFY_LOGIN": ci_secret(server.login(write=write))}
    return spotmap("push", *arguments, "--source", "table:library.csv", "--log", "json", cwd=folder, extra=extra)


def test_command_previews_then_pushes_then_changes_nothing(folder: Path, spotify: SpotifyServer) -> None:
    dry = run(folder, spotify, "--dry-run", write=False)
    assert dry.status == 0, dry.stderr
    assert dry.stdout.count(": a new private playlist of ") == 3
    assert "1 track of these lists is not on Spotify and is left out." in dry.stdout
    assert (spotify.changes, (folder / "site.spotify.json").exists()) == ([], False)

    unasked = run(folder, spotify)
    assert (unasked.status, spotify.changes) == (2, [])
    assert "give --yes" in unasked.stderr

    first = run(folder, spotify, "--yes")
    assert first.status == 0, first.stderr
    made = [playlist for playlist in spotify.library.playlists if playlist.name != "Mine"]
    assert len(made) == 3
    assert sorted(row["item"]["uri"] for playlist in made for row in playlist.rows) == sorted(URIS[:COUNT])
    assert (folder / "site.spotify.json").stat().st_mode & 0o077 == 0

    second = run(folder, spotify)
    assert (second.status, spotify.changes) == (0, [])
    assert second.stdout == "3 playlists are up to date.\n" + dry.stdout.splitlines(keepends=True)[-1]

    write_table(folder, COUNT + 3)
    changed = run(folder, spotify, "--yes")
    assert changed.status == 0, changed.stderr
    assert "  + Artist 0 - Song 36" in changed.stdout
    assert {change.partition("/")[0] for change in spotify.changes} == {"POST playlists"}
    secret = spotify.login().refresh_token
    assert secret not in changed.stdout + changed.stderr + (folder / "site.spotify.json").read_text()


def test_command_reports_what_is_missing(folder: Path, spotify: SpotifyServer) -> None:
    reading = run(folder, spotify, "--yes", write=False)
    assert (reading.status, spotify.requests) == (4, [])
    assert "spotmap-build login --write" in reading.stderr
    offline = run(folder, spotify, "--offline")
    assert (offline.status, spotify.requests) == (2, [])
    (folder / "spotmap.toml").unlink()
    nothing = run(folder, spotify)
    assert (nothing.status, "spotmap-build push --list" in nothing.stderr) == (2, True)


@pytest.mark.parametrize("content", ['{"schema": "other", "users": {}}', "{}", "nonsense"])
def test_foreign_file_in_place_of_the_push_record_is_kept(pusher: Pusher, content: str) -> None:
    (pusher.folder / "site.spotify.json").write_text(content)
    with pytest.raises(OutputError) as refused:
        pusher.push(calm(0))
    assert "Move it away" in refused.value.hint
    assert (pusher.folder / "site.spotify.json").read_text() == content


LISTS = [
    TrackList("cluster-1", "clusters", "Calm", ()),
    TrackList("cluster-2", "clusters", "Loud", ()),
    TrackList("region-1", "regions", "Calm and loud", ()),
    TrackList("new-cluster-1", "new playlists", "Calm", ()),
    TrackList("misfits-x", "does not fit", "Mine", ()),
]


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (["clusters"], ["cluster-1", "cluster-2"]),
        (["misfits", "regions"], ["region-1", "misfits-x"]),
        (["new"], ["new-cluster-1"]),
        (["loud", "cluster-1"], ["cluster-1", "cluster-2"]),
        (["CALM"], ["cluster-1", "new-cluster-1"]),
    ],
)
def test_lists_are_chosen_by_kind_id_or_name(choice: list[str], ids: list[str]) -> None:
    assert [track_list.id for track_list in choose(LISTS, choice)] == ids


def test_unknown_list_name_is_an_error_with_a_suggestion() -> None:
    assert choose(LISTS[:2], ["misfits"]) == ()
    with pytest.raises(ConfigError, match="no list named “Cahm”") as unknown:
        choose(LISTS, ["Cahm"])
    assert "Did you mean “Calm”?" in unknown.value.hint
