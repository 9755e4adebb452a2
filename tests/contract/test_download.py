"""Downloads with the real yt-dlp are complete or fail with an error that names the cause."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from spotmap_build.acquire.youtube import download as download_module
from spotmap_build.acquire.youtube import javascript
from spotmap_build.acquire.youtube.abandonable import Pace
from spotmap_build.acquire.youtube.download import Cancelled, DownloadSettings, download
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.embed.decode import decode
from spotmap_build.errors import ConfigError, OutputError, ServiceError, ServiceRefused, SpotmapError, TrackError
from tests.fakes.audio_server import AudioServer, audio_of, serve
from tests.fakes.http_server import Fault
from tests.support.patience import patience, wait_until

ALWAYS = 99
NO_DELAY = RetryPolicy(attempts=3, first_pause_s=0.0)


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with serve(AudioServer()) as running:
        yield running


@pytest.fixture
def settings(server: AudioServer) -> DownloadSettings:
    return DownloadSettings(server.watch_url, socket_timeout_s=patience(), retry=NO_DELAY)


def failure(video_id: str, folder: Path, settings: DownloadSettings) -> SpotmapError:
    """Return the error of a failing download; it must leave no files."""
    with pytest.raises(SpotmapError) as failed:
        download(video_id, folder, settings)
    assert list(folder.iterdir()) == []
    return failed.value


def track_failure(video_id: str, folder: Path, settings: DownloadSettings) -> TrackError:
    error = failure(video_id, folder, settings)
    assert isinstance(error, TrackError), error
    return error


@pytest.mark.parametrize("suffix", [".m4a", ".webm", ".mp3"])
def test_audio_is_stored_unchanged_as_the_only_file(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, suffix: str
) -> None:
    server.suffixes["-abc_DEF123"] = suffix
    path = download("-abc_DEF123", tmp_path, settings)
    assert list(tmp_path.iterdir()) == [path]
    assert path.name == f"-abc_DEF123{suffix}"
    assert path.read_bytes() == audio_of("-abc_DEF123", suffix)
    assert len(decode(path).samples) / 16 > 1_900


def test_several_threads_download_in_parallel(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    names = [f"video{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        paths = list(threads.map(lambda name: download(name, tmp_path, settings), names))
    assert [path.read_bytes() for path in paths] == [audio_of(name, ".m4a") for name in names]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=503, times=2), Fault("reset", times=2), Fault("cut", after=1, times=2), Fault("reset", after=1)],
)
def test_temporary_connection_failure_is_retried(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, fault: Fault
) -> None:
    server.faults.append(replace(fault))
    assert download("a", tmp_path, settings).read_bytes() == audio_of("a", ".m4a")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=503, times=ALWAYS), "server error"),
        (Fault("reset", times=ALWAYS), "no connection"),
        (Fault("reset", after=1, times=ALWAYS), "no connection"),
        (Fault(status=403, times=ALWAYS), "HTTP 403"),
    ],
)
def test_service_failure_is_not_a_track_error(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, fault: Fault, message: str
) -> None:
    server.faults.append(replace(fault))
    error = failure("a", tmp_path, settings)
    assert isinstance(error, ServiceError)
    assert not isinstance(error, ServiceRefused)
    assert message in error.message
    assert "127.0.0.1" not in error.message


@pytest.mark.parametrize("after", [0, 1])
def test_stalled_connection_times_out(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, after: int
) -> None:
    server.faults.append(Fault("stall", after=after, times=ALWAYS))
    error = failure("a", tmp_path, replace(settings, socket_timeout_s=0.3))
    assert isinstance(error, ServiceError)
    assert "does not respond" in error.message


def test_missing_connection_is_reported(tmp_path: Path) -> None:
    with serve(AudioServer()) as gone:
        pass
    error = failure("a", tmp_path, DownloadSettings(gone.watch_url, retry=NO_DELAY))
    assert "no connection" in error.message


def test_bot_check_is_a_refusal_without_retries(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path
) -> None:
    server.bot_check_after = 1
    download("a", tmp_path, settings).unlink()
    asked = len(server.requests)
    error = failure("b", tmp_path, settings)
    assert isinstance(error, ServiceRefused)
    assert "proof that you are not a bot" in error.message
    assert len(server.requests) == asked + 1


def test_http_429_is_a_refusal_without_retries(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    server.faults.append(Fault(status=429, times=ALWAYS))
    assert isinstance(failure("a", tmp_path, settings), ServiceRefused)
    assert len(server.requests) == 1


def test_removed_video_is_a_permanent_failure(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    server.missing.add("a")
    error = track_failure("a", tmp_path, settings)
    assert (error.track_code, error.retryable, error.needs_person) == ("unavailable", False, False)


def test_download_succeeds_after_a_failed_one(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    server.missing.add("b")
    for _ in range(2):
        track_failure("b", tmp_path, settings)
        path = download("a", tmp_path, settings)
        assert path.read_bytes() == audio_of("a", ".m4a")
        path.unlink()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "truncated-audio"),
        (audio_of("a", ".m4a")[:9_000], "truncated-audio"),
        (audio_of("a", ".m4a")[:100], "truncated-audio"),
        (b"<!doctype html><title>Welcome to the hotel's network</title>", "not-audio"),
    ],
)
def test_truncated_or_non_audio_content_is_refused(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, content: bytes, code: str
) -> None:
    server.contents["a"] = content
    error = track_failure("a", tmp_path, settings)
    assert (error.track_code, error.retryable) == (code, True)


def test_download_that_is_always_cut_off_can_be_retried_later(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path
) -> None:
    server.faults.append(Fault("cut", after=1, times=ALWAYS))
    error = track_failure("a", tmp_path, settings)
    assert (error.track_code, error.retryable) == ("truncated-audio", True)
    assert len(server.requests) == 1 + settings.retry.attempts


def test_download_stops_at_the_size_limit(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    server.faults.append(Fault("slow", after=1))
    error = track_failure("a", tmp_path, replace(settings, max_size_bytes=5_000))
    assert (error.track_code, error.retryable) == ("too-large", False)


@pytest.mark.parametrize(
    "fault", [Fault("slow", after=1, pause_s=30), Fault("stall", times=ALWAYS), Fault("stall", after=1, times=ALWAYS)]
)
def test_download_without_progress_is_aborted(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, fault: Fault
) -> None:
    server.faults.append(replace(fault))
    error = failure("a", tmp_path, replace(settings, socket_timeout_s=60, stall_s=0.4))
    assert isinstance(error, ServiceError)
    assert "almost no data was received" in error.message
    server.faults.clear()
    assert download("a", tmp_path, settings).read_bytes() == audio_of("a", ".m4a")


def test_rate_limit_lowers_the_minimum_rate(settings: DownloadSettings) -> None:
    assert download_module._Watch(settings).min_rate_bytes_s == download_module.MIN_RATE_BYTES_S
    assert download_module._Watch(replace(settings, max_rate_bytes_s=400)).min_rate_bytes_s == 100


def test_minimum_rate_applies_to_every_window() -> None:
    now_s = 0.0
    pace = Pace(100, 10, clock=lambda: now_s)
    for now_s, count, is_too_slow in [(5, 0, False), (9, 100, False), (11, 0, False), (20, 90, False), (22, 9, True)]:
        pace.add_bytes(count)
        assert pace.is_too_slow() is is_too_slow, now_s


@pytest.mark.parametrize("status", [200, 403])
def test_oversized_page_is_refused(
    server: AudioServer,
    settings: DownloadSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr(download_module, "PAGE_BYTES", 100_000)
    server.faults.append(Fault(status=status, body=b"<html>" + b" " * 1_000_000, times=ALWAYS))
    assert track_failure("a", tmp_path, settings).track_code == "not-audio"


def test_total_size_of_the_pages_of_a_video_is_bounded(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "PAGES_BYTES", 1_000)
    server.suffixes["a"], server.contents["a"] = ".html", b"<html>" + b" " * 10_000
    assert track_failure("a", tmp_path, replace(settings, max_size_bytes=1_000)).track_code == "not-audio"


@pytest.mark.parametrize(
    "page",
    [
        '<html><video src="file://{file}"></video>',
        (
            '<html><script type="application/ld+json">{{"@context": "https://schema.org", "@type": "VideoObject",'
            ' "name": "x", "uploadDate": "2020-01-01", "contentUrl": "file://{file}"}}</script>'
        ),
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{file}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/watch?v=b\n#EXT-X-ENDLIST\n",
    ],
)
def test_pages_cannot_refer_to_local_files_or_segments(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, page: str
) -> None:
    folder, file = tmp_path / "audio", tmp_path / "own.m4a"
    folder.mkdir()
    file.write_bytes(audio_of("b", ".m4a"))
    server.suffixes["a"], server.contents["a"] = ".html", page.format(file=file).encode()
    failure("a", folder, settings)
    assert {request.query["v"] for request in server.requests} == {"a"}, "no segment of a playlist is requested"


def test_name_too_long_for_a_file_is_a_track_error(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path
) -> None:
    error = track_failure("a" * 300, tmp_path, settings)
    assert (error.track_code, error.retryable) == ("download", True)
    assert "File name too long" in error.message


def test_rate_limit_delays_the_download(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("yt_dlp.downloader.common.time.sleep", slept.append)
    size_bytes = len(audio_of("a", ".m4a"))
    download("a", tmp_path, replace(settings, max_rate_bytes_s=size_bytes // 1000))
    assert sum(slept) > 1


def test_video_longer_than_the_limit_is_not_downloaded(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path
) -> None:
    about = {"@context": "https://schema.org", "@type": "VideoObject", "name": "One hour loop", "duration": "PT1H1S"}
    address = {"contentUrl": server.watch_url.format(video_id="loop"), "uploadDate": "2020-01-01"}
    page = f'<!doctype html><script type="application/ld+json">{json.dumps(about | address)}</script>'
    server.suffixes["a"], server.contents["a"] = ".html", page.encode()
    error = track_failure("a", tmp_path, replace(settings, max_duration_s=3_600))
    assert (error.track_code, error.retryable) == ("too-long", False)
    requested = [request.query["v"] for request in server.requests]
    assert requested == ["a", "loop"], "the second request only reads the content type"


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"live_status": "is_live"}, "live"),
        ({"live_status": "post_live", "duration": 100}, "live"),
        ({"duration": 3 * 3_600 + 1}, "too-long"),
    ],
)
def test_live_or_too_long_videos_are_refused_before_the_download(
    settings: DownloadSettings, info: dict[str, object], code: str
) -> None:
    with pytest.raises(TrackError) as refused:
        download_module._Watch(settings).check_info(info, incomplete=False)
    assert refused.value.track_code == code


@pytest.mark.parametrize("info", [{}, {"duration": None}, {"live_status": "was_live", "duration": 3 * 3_600}])
def test_past_live_streams_and_unknown_durations_are_accepted(
    settings: DownloadSettings, info: dict[str, object]
) -> None:
    download_module._Watch(settings).check_info(info, incomplete=False)


def test_running_download_can_be_cancelled(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    server.faults.append(Fault("slow", after=1, pause_s=0.2))
    cancelled = threading.Event()
    threading.Timer(0.6, cancelled.set).start()
    with pytest.raises(Cancelled):
        download("a", tmp_path, settings, cancelled=cancelled)
    assert list(tmp_path.iterdir()) == []


def test_cancelled_download_sends_no_request(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        download("a", tmp_path, settings, cancelled=cancelled)
    assert server.requests == []


def test_full_disk_is_an_output_error(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        error = failure("a", tmp_path, settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert isinstance(error, OutputError)
    assert "TMPDIR" in error.hint


def test_missing_folder_is_an_output_error(server: AudioServer, settings: DownloadSettings, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        download("a", tmp_path / "gone", settings)
    assert server.requests == []


def test_cookies_are_sent_and_their_file_is_not_changed(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path
) -> None:
    cookies, folder = tmp_path / "cookies.txt", tmp_path / "audio"
    folder.mkdir()
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tSID\tsecret\n")
    cookies.chmod(0o400)
    before = (cookies.read_bytes(), cookies.stat().st_mtime_ns)
    download("a", folder, replace(settings, cookies=cookies))
    assert (cookies.read_bytes(), cookies.stat().st_mtime_ns) == before
    assert {request.headers.get("Cookie") for request in server.requests} == {"SID=secret"}


@pytest.mark.parametrize("content", [None, b"pipe", b"\xff\xfe\x00", b'[{"name": "SID", "value": "secret"}]'])
def test_unreadable_cookies_are_a_configuration_error(
    settings: DownloadSettings, tmp_path: Path, content: bytes | None
) -> None:
    cookies, folder = tmp_path / "cookies.txt", tmp_path / "audio"
    folder.mkdir()
    if content == b"pipe":
        os.mkfifo(cookies)
    elif content is not None:
        cookies.write_bytes(content)
    error = failure("a", folder, replace(settings, cookies=cookies))
    assert isinstance(error, ConfigError)
    assert "secret" not in error.message
    assert "cookies.txt" in error.hint


@pytest.mark.parametrize(
    ("url", "is_youtube"),
    [
        ("https://music.youtube.com/watch?v=a", True),
        ("https://youtu.be/a", True),
        ("http://127.0.0.1:80/watch?v=a", False),
        ("https://youtube.com.example.org/watch?v=a", False),
        ("https://notyoutube.com/watch?v=a", False),
    ],
)
def test_only_youtube_urls_use_the_youtube_extractor(settings: DownloadSettings, url: str, is_youtube: bool) -> None:
    elsewhere = replace(settings, watch_url=url)
    allowed = download_module._parameters(elsewhere, download_module._Watch(elsewhere))["allowed_extractors"]
    assert allowed == (["youtube"] if is_youtube else ["generic"])


def test_youtube_extractor_gets_a_javascript_runtime(
    settings: DownloadSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(AudioServer()) as gone:
        monkeypatch.setenv("HTTPS_PROXY", gone.url)  # unreachable, so that the test sends no request to YouTube
    watch_url = "https://music.youtube.com/watch?v={video_id}"
    error = failure("dQw4w9WgXcQ", tmp_path, replace(settings, watch_url=watch_url, retry=RetryPolicy(1, 0.0)))
    assert isinstance(error, ServiceError)
    assert "no connection" in error.message
    runtime = javascript.find_runtime()
    assert runtime is not None
    found = download_module._parameters(settings, download_module._Watch(settings))["js_runtimes"]
    assert found == {runtime.name: {"path": str(runtime.path)}}


def test_downloads_print_nothing(
    server: AudioServer, settings: DownloadSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.missing.add("b")
    download("a", tmp_path, settings).unlink()
    failure("b", tmp_path, settings)
    assert capfd.readouterr() == ("", "")


CTRL_C = """
    import sys, threading
    from pathlib import Path
    from spotmap_build.acquire.youtube.download import DownloadSettings, download
    from spotmap_build.acquire.prefetch import Prefetcher

    settings = DownloadSettings(sys.argv[1], socket_timeout_s=20)
    def get(name):
        return download(name, Path(sys.argv[2]), settings, cancelled=prefetcher.cancelled)
    prefetcher = Prefetcher((), ["a", "b", "c", "d"], find=None, get=get, workers=1)
    with prefetcher:
        list(prefetcher.ready())
"""


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault("slow", after=2, times=ALWAYS, pause_s=0.3), Fault("stall", times=ALWAYS)])
def test_ctrl_c_does_not_wait_for_downloads(server: AudioServer, tmp_path: Path, fault: Fault) -> None:
    server.faults.append(replace(fault))
    command = [sys.executable, "-c", textwrap.dedent(CTRL_C), server.watch_url, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: len(server.requests) >= 2 + fault.after, "downloads have started")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=patience())
    assert stderr.rstrip().endswith("KeyboardInterrupt")
