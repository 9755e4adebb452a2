"""The page plays local files through the real preview in Chromium."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Route, expect

from spotmap_build.emit.local_audio import LocalAudio, encode_local_audio, write_local_audio
from spotmap_build.emit.preview import open_server
from spotmap_build.model import Recording, Track
from tests.browser.conftest import PHONE, Held, OpenViewer, Viewer
from tests.fakes.audio_files import tune, write_audio
from tests.fakes.sample_site import write_sample_site
from tests.support.pages import Site

pytestmark = pytest.mark.browser
RATE_HZ = 16_000
SECONDS = 6.0
AUDIO_ELEMENT = "document.querySelector('#player audio')"


@pytest.fixture(scope="module")
def site_with_audio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in the preview in which all tracks that are not streamed are local files."""
    folder = tmp_path_factory.mktemp("own")
    write_sample_site(folder / "site", tracks=300)
    signal = tune(SECONDS, rate_hz=RATE_HZ, seed=1)
    songs = [write_audio(folder / f"song {number}.ogg", signal, rate_hz=RATE_HZ) for number in range(2)]
    files = [
        Track(f"t{row:07d}", "", recording=Recording("0", path=str(songs[row // 2 % 2]))) for row in range(1, 300, 2)
    ]
    write_local_audio(folder / "site.audio.json", encode_local_audio(files))
    with open_server(folder / "site", 0, audio=LocalAudio(folder / "site.audio.json")) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Site(folder / "site", server.url)
        server.shutdown()


def select_all(viewer: Viewer) -> list[int]:
    viewer.page.locator("#lasso-button").click()
    viewer.page.get_by_role("button", name="Select all in view").click()
    return [track for track in viewer.state("selected") if track % 2]


def play_first(viewer: Viewer) -> list[int]:
    local_tracks = select_all(viewer)
    position = viewer.state("selected").index(local_tracks[0])
    viewer.page.locator(f'.picks-row[data-place="{position}"] [data-action="play"]').click()
    viewer.wait_until(f"{AUDIO_ELEMENT}?.currentTime > 0.2", timeout_s=20)
    return local_tracks


def audio_url(viewer: Viewer) -> str:
    return str(viewer.page.evaluate(f"{AUDIO_ELEMENT}.currentSrc"))


def test_play_button_plays_the_file_of_the_track(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio)
    local_tracks = play_first(viewer)
    assert audio_url(viewer).endswith(f"/.spotmap-audio/t{local_tracks[0]:07d}")
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.duration") == pytest.approx(SECONDS, abs=0.2)
    viewer.page.get_by_role("button", name="Pause").click()
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    expect(viewer.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    viewer.page.get_by_role("button", name="Close the player").click()
    expect(viewer.page.locator("#player")).to_be_hidden()


def test_player_seeks_and_continues_with_the_next_track(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio)
    selected = play_first(viewer) and viewer.state("selected")
    playing = viewer.state("pinned")
    viewer.page.get_by_label("Position").fill("500")
    viewer.wait_until(f"Math.abs({AUDIO_ELEMENT}.currentTime - {SECONDS / 2}) < 1.5", timeout_s=20)
    next_local = next(track for track in selected[selected.index(playing) + 1 :] if track % 2)
    # A streamed track, which YouTube would play, may come next.
    viewer.page.evaluate(f"{AUDIO_ELEMENT}.currentTime = {SECONDS - 0.3}")
    viewer.page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body=""))
    viewer.wait_until(f"spotmap.state().pinned !== {playing}", timeout_s=30)
    assert viewer.state("pinned") in (next_local, selected[selected.index(playing) + 1])
    viewer.complaints.seen = [text for text in viewer.complaints.seen if "youtube-nocookie" not in text]


def saved(viewer: Viewer, kind: str, folder: Path) -> str:
    with viewer.page.expect_download() as download:
        viewer.page.locator(f"[data-export='{kind}']").click()
    download.value.save_as(folder / kind)
    return (folder / kind).read_text(encoding="utf-8")


@pytest.mark.parametrize("is_from_disk", [False, True], ids=["preview", "disk"])
def test_saved_playlists_contain_the_files_in_order(
    open_viewer: OpenViewer, site_with_audio: Site, tmp_path: Path, is_from_disk: bool
) -> None:
    disk = Site(site_with_audio.folder, f"{site_with_audio.folder.as_uri()}/index.html")
    viewer = open_viewer(site=disk if is_from_disk else site_with_audio)
    local_tracks = select_all(viewer)
    entries = [line for line in saved(viewer, "m3u", tmp_path).splitlines() if not line.startswith("#")]
    files = [entry for entry in entries if not entry.startswith("https:")]
    assert [Path(file).name for file in files] == [f"song {track // 2 % 2}.ogg" for track in local_tracks]
    for file in set(files):
        with av.open(file) as container:
            assert container.streams.audio
    listed = json.loads(saved(viewer, "jspf", tmp_path))["playlist"]["track"]
    assert len(listed) == len(viewer.state("selected"))
    locations = [track["location"][0] for track in listed if track["location"][0].startswith("file:")]
    assert locations == [Path(file).as_uri() for file in files]
    if is_from_disk:  # a page from disk cannot preload its data
        viewer.complaints.expect("Access to link element")
        viewer.complaints.expect("net::ERR_FAILED")


def test_volume_is_remembered(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio)
    play_first(viewer)
    viewer.page.get_by_label("Volume").fill("0.25")
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.volume") == 0.25
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    assert viewer.page.evaluate(f"{AUDIO_ELEMENT}.volume") == 0.25


def with_moments(route: Route) -> None:
    """Add a typical moment of every track to the details."""
    document = route.fetch().json()
    route.fulfill(json={**document, "typical_s": [3] * len(document["year"])})


def test_file_starts_at_its_typical_moment_or_at_the_beginning(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio)
    viewer.page.route("**/details-000.json", with_moments)
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime >= 3", timeout_s=20)
    viewer.page.get_by_role("button", name="Starts at its typical moment").click()
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0 && {AUDIO_ELEMENT}.currentTime < 2.9", timeout_s=20)
    viewer.page.reload()
    viewer.page.wait_for_selector('html[data-state="ready"]')
    play_first(viewer)
    expect(viewer.page.get_by_role("button", name="Starts at the beginning")).to_be_visible()
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0 && {AUDIO_ELEMENT}.currentTime < 2.9", timeout_s=20)


def test_missing_file_is_reported(open_viewer: OpenViewer, site_with_audio: Site, tmp_path: Path) -> None:
    viewer = open_viewer(site=site_with_audio)
    viewer.page.route("**/.spotmap-audio/t*", lambda route: route.fulfill(status=404, body="gone"))
    local_tracks = select_all(viewer)
    position = viewer.state("selected").index(local_tracks[0])
    viewer.page.locator(f'.picks-row[data-place="{position}"] [data-action="play"]').click()
    expect(viewer.page.locator(".player-note")).to_have_text(
        "This file cannot be played: it is missing, or this browser does not support its format."
    )
    viewer.complaints.expect("404")


def test_player_works_by_touch(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio, **PHONE)
    page = viewer.page
    page.locator("#lasso-button").tap()
    page.get_by_role("button", name="Select all in view").tap()
    local_tracks = next(track for track in viewer.state("selected") if track % 2)
    position = viewer.state("selected").index(local_tracks)
    page.locator(f'.picks-row[data-place="{position}"] [data-action="play"]').tap()
    viewer.wait_until(f"{AUDIO_ELEMENT}?.currentTime > 0.2", timeout_s=20)
    page.get_by_role("button", name="Pause").tap()
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    box = page.get_by_label("Position").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.wait_until(f"Math.abs({AUDIO_ELEMENT}.currentTime - {SECONDS / 2}) < 0.5", timeout_s=20)
    page.get_by_role("button", name="Play", exact=True).tap()
    viewer.wait_until(f"!{AUDIO_ELEMENT}.paused")
    volume = page.get_by_label("Volume")
    before = float(volume.input_value())
    seek_width = box["width"]
    box = volume.bounding_box()
    assert box is not None
    assert seek_width > 1.5 * box["width"], "the position needs more precision than the volume"
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    viewer.wait_until(f"{AUDIO_ELEMENT}.volume < {before - 0.5}")
    page.get_by_role("button", name="Close the player").tap()
    expect(page.locator("#player")).to_be_hidden()


def test_player_works_by_keyboard(open_viewer: OpenViewer, site_with_audio: Site) -> None:
    viewer = open_viewer(site=site_with_audio)
    page = viewer.page
    play_first(viewer)
    expect(page.locator("#player")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Space")
    viewer.wait_until(f"{AUDIO_ELEMENT}.paused")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    position = page.get_by_label("Position")
    expect(position).to_be_focused()
    page.keyboard.press("Home")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime === 0")
    before = position.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > 0")
    page.keyboard.press("PageUp")
    viewer.wait_until(f"{AUDIO_ELEMENT}.currentTime > {SECONDS / 20}")
    page.keyboard.press("End")
    expect(position).not_to_have_attribute("aria-valuetext", str(before))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Volume")).to_be_focused()
    page.keyboard.press("Home")
    viewer.wait_until(f"{AUDIO_ELEMENT}.volume === 0")
    page.get_by_role("button", name="Close the player").press("Enter")
    expect(page.locator("#player")).to_be_hidden()
    expect(page.locator("#map")).to_be_focused()


def test_list_of_files_that_arrives_late_offers_to_listen_on_what_is_shown(
    open_viewer: OpenViewer, site_with_audio: Site
) -> None:
    viewer = open_viewer(site=site_with_audio)
    page = viewer.page
    held = Held(page, "**/.spotmap-audio/")
    with page.expect_request("**/.spotmap-audio/"):
        page.reload()
    page.wait_for_selector('html[data-state="ready"]')
    track = next(track for track in select_all(viewer))
    row = page.locator(f'.picks-row[data-track="{track}"]')
    row.locator(".picks-names").click()
    expect(page.locator("#card .card-facts")).not_to_be_empty()
    expect(page.locator("#card [data-action=listen]")).to_be_hidden()
    held.release()
    expect(page.locator("#card [data-action=listen]")).to_be_visible()
    expect(row.locator("[data-action=play]")).to_be_visible()
