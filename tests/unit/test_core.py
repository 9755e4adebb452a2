"""Files, documents, text, retries and counters of ``core``: bounded reads and one kind of error each."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spotmap_build.core.counting import ThreadSafeCounter
from spotmap_build.core.documents import parse_json, parse_toml
from spotmap_build.core.encodings import guess_encoding
from spotmap_build.core.files import (
    FileTooLarge,
    NotRegularFile,
    absolute_path,
    check_regular,
    open_regular,
    read_bounded,
    write_atomically,
)
from spotmap_build.core.memory import GC_THRESHOLDS
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.core.retry_after import MAX_PAUSE_S, clamp_retry_at, parse_retry_after
from spotmap_build.core.text import decode_guessing, decode_text, guess_together, printable


def test_process_searches_rarely_for_reference_cycles_and_not_when_it_ends() -> None:
    code = """
import atexit, gc
from spotmap_build.core.memory import tune_gc
atexit.register(lambda: print(gc.get_freeze_count() > 1000))  # registered first, so called last
tune_gc()
print(gc.get_threshold()[0], gc.get_freeze_count())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [str(GC_THRESHOLDS[0]), "0", "True"]


def fifo(folder: Path) -> Path:
    path = folder / "pipe"
    os.mkfifo(path)
    return path


def test_pipes_devices_and_folders_are_not_opened(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    for path in (fifo(tmp_path), link, Path("/dev/urandom"), tmp_path):
        for read in (check_regular, open_regular, lambda place: read_bounded(place, 10)):
            with pytest.raises(NotRegularFile, match="not a regular file"):
                read(path)


@pytest.mark.parametrize("name", ["nul\0", "missing"])
def test_missing_or_invalid_name_is_a_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a.mp3", "./music//a b.mp3", "../a.mp3", "/music/a.mp3", "music/./.hidden", "é\udcff"]
)
def test_absolute_path_equals_that_of_pathlib(name: str) -> None:
    assert absolute_path(Path(name)) == str(Path(name).absolute())


def test_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(FileTooLarge, match="larger than 4 bytes"):
        read_bounded(path, 4)


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="Linux only")
def test_kernel_file_reads_as_empty() -> None:
    try:
        assert read_bounded(Path("/proc/kmsg"), 100) == b""
    except PermissionError:
        pytest.skip("it may not be opened here")


def test_file_is_replaced_atomically_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"first")
    path.chmod(0o640)
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_private_file_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.touch(0o644)
    modes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: modes.append(os.fstat(descriptor).st_mode & 0o777))
    before = os.umask(0)
    try:
        write_atomically(path, b"secret", is_private=True)
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert path.stat().st_mode & 0o777 == 0o600


def test_symlink_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_bytes(b"mine")
    link.symlink_to(victim)
    write_atomically(link, b"other")
    assert victim.read_bytes() == b"mine"
    assert not link.is_symlink()


DEEP = 200_000


@pytest.mark.parametrize("content", ["[" * DEEP, '{"a":' * DEEP, "9" * 5_000, b"\xff\xfe\xfd", "", "{"])
def test_invalid_json_is_a_value_error(content: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        parse_json(content)


@pytest.mark.parametrize("parse", [lambda: parse_json("9" * 5_000), lambda: parse_toml("a = " + "9" * 5_000)])
def test_limit_of_python_is_explained_to_the_author_of_a_document(parse: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"^it contains a number of thousands of digits$"):
        parse()


FIRST_DECODED_BY_FOUR_THREADS = """
import sys
import threading
from dataclasses import make_dataclass

from spotmap_build.core.documents import convert, decode_json

sys.setswitchinterval(1e-6)
DATA = {f"f{k}": {"names": ["x"], "size": 2} for k in range(6)}
TEXT = str(DATA).replace("'", '"')
for turn in range(60):
    inner = [make_dataclass(f"Inner{k}", [("names", tuple[str, ...]), ("size", int | None)]) for k in range(6)]
    outer = make_dataclass("Outer", [(f"f{k}", inner[k]) for k in range(6)])
    barrier = threading.Barrier(4)

    def work(number):
        barrier.wait()
        found = decode_json(TEXT, outer) if number % 2 else convert(DATA, outer)
        assert found.f5.size == 2

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_decode_into_a_type_for_the_first_time_concurrently() -> None:
    """With msgspec alone, this crashes with a segmentation fault within a few iterations."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_DECODED_BY_FOUR_THREADS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("content", ["a = " + "[" * DEEP, b"\xff", "a", "a = " + "9" * 5_000])
def test_invalid_toml_is_a_value_error(content: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_toml(content)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Björk – Jóga 東京", "Björk – Jóga 東京"),
        ("a\nb\r::error::\x1b]0;x\x07\x9b", "a b ::error:: ]0;x  "),
        ("left\u202eright\u2028", "left right "),
        ("half \udce9", "half \ufffd"),
    ],
)
def test_control_characters_are_removed_for_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"a", "a"),
        ("Björk – Jóga".encode(), "Björk – Jóga"),
        ("Björk".encode("utf-8-sig"), "Björk"),
        ("Björk – Jóga".encode("cp1252"), "Björk – Jóga"),
        (b"\xef\xbb\xbf\xf6rk", "örk"),
        (b"a\xed\xa0\xbd\xed\xb8\x80\xed\xa0\xbdb\xc3\xb6", "a\U0001f600\ufffdbö"),
        ("夜に駆ける夜に駆ける".encode() + b"\xe5\xa4", "夜に駆ける夜に駆ける\ufffd"),
        ("Dvořák\n".encode() + b"Bj\xf6rk", "DvoÅ™Ã¡k\nBjörk"),
        (b"caf\xe9 \x81", "café \x81"),
        ("Björk 夜".encode("utf-16"), "Björk 夜"),
        (b"\xfe\xff" + "Björk 夜".encode("utf-16-be"), "Björk 夜"),
        ("#夜".encode("utf-16-le"), "#夜"),
        ("#夜".encode("utf-16-be"), "#夜"),
        (b"\xff\xfea\0b", "a\ufffd"),
        (b"\xff\xfe\x00\xd8a\0", "\ufffda"),
        (b"\0\0", "\0\0"),
    ],
)
def test_text_is_decoded_by_byte_order_mark_or_else_as_utf_8(content: bytes, text: str) -> None:
    assert decode_text(content) == text


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("宇多田ヒカル - 光", "cp932", "Shift-JIS"),
        ("がんばれ", "cp932", "Shift-JIS"),
        ("Beyoncé", "mac-roman", "Mac Roman"),
        ("Café del Mar – Énergie, Mötley Crüe\rÇa plane", "mac-roman", "Mac Roman"),
        ("Beyoncé", "cp1252", "Windows-1252"),
        ("Don’t Stop – “Björk” … Žižek, Šárka, naïve ‰", "cp1252", "Windows-1252"),
        ("É ÀÈ", "cp1252", "Windows-1252"),
        ("ƒ‚ fünf", "cp1252", "Windows-1252"),
        ("Miłość w Zakopanem, Sławomir", "cp1250", "Windows-1250"),
        ("Sen o Tobě, Příliš žluťoučký kůň", "cp1250", "Windows-1250"),
        ("Sezen Aksu - Işık Doğudan Yükselir", "cp1254", "Windows-1254"),
        ("Sigur Rós - Þú ert jörðin", "cp1252", "Windows-1252"),
        ("10 cm³ Größe, 2ª vez, ¾ Takt", "cp1252", "Windows-1252"),
        ("Звезда по имени Солнце; Кино; Перемен; Пачка сигарет; Кукушка", "cp1251", "Windows-1251"),
        ("Звезда по имени Солнце; Кино; Перемен; Пачка сигарет; Кукушка", "koi8_r", "KOI8-U"),
        ("Θάλασσα, Όλα καλά, Αγάπη μου, Πες το κι έγινε, Νίκος Βέρτης", "cp1253", "Windows-1253"),
        ("ממעמקים, בואי, אם תלך, עידן רייכל", "cp1255", "Windows-1255"),
        ("حبيبي يا نور العين, عمرو دياب, تملي معاك", "cp1256", "Windows-1256"),
        ("月亮代表我的心, 甜蜜蜜, 小城故事, 我只在乎你, 何日君再来, 邓丽君", "gb18030", "GB 18030"),
        ("月亮代表我的心, 甜蜜蜜, 小城故事, 我只在乎你, 何日君再來, 鄧麗君", "big5", "Big5"),
        ("なごり雪, 夜に駆ける, イルカ", "euc_jp", "EUC-JP"),
        ("밤편지, 좋은 날, 너의 의미, 가을 아침, 스물셋, 아이유", "cp949", "Windows-949"),
        (f"title\n{'•' * 40}\nFür Elise, Über", "cp1252", "Windows-1252"),
        (f"title\n{'—' * 40}\nÜber, Müller", "cp1252", "Windows-1252"),
        ("title\n»»»»»» ÄÖÜ ««««««", "cp1252", "Windows-1252"),
        ("title\nÁááááááááááááá, Björk", "cp1252", "Windows-1252"),
        ("Jäääär, Öö õõõõ, kõueöö, töööö", "cp1252", "Windows-1252"),
        ("Coração vagabundo, Você é linda, Ilê Aiyê, ¿Dónde?, Ça plane", "cp1252", "Windows-1252"),
        ("Rock ’n’ Roll, Don’t Stop", "cp1252", "Windows-1252"),
        ("Dziwny jest ten świat, Czesław Niemen", "iso8859-2", "ISO 8859-2"),
        ("Příliš žluťoučký kůň, Jiří Šlitr", "iso8859-2", "ISO 8859-2"),
        ("Małgośka, Jolka pamiętasz, Będę żył", "cp852", "DOS code page 852"),
        ("Šaltas rudenėlis, Žemėj Lietuvos, Į rudenį ėjau", "cp1257", "Windows-1257"),
        ("Mädchen in Weiß, Über sieben Brücken, Die Ärzte", "cp850", "DOS code page 850"),
        ("Señorita, Corazón espinado, Maná, El día que me quieras", "cp850", "DOS code page 850"),
        ("Jag är på väg, Själ, Öppna landskap", "cp850", "DOS code page 850"),
        ("Группа крови, Кино", "cp866", "DOS code page 866"),
        ("Группа крови, Кино", "iso8859-5", "ISO 8859-5"),
        ("Группа крови, Кино", "mac_cyrillic", "Mac Cyrillic"),
        ("Червона рута, Їхали козаки, Океан Ельзи", "koi8_u", "KOI8-U"),
        ("Συννεφιασμένη Κυριακή, Άξιον Εστί", "iso8859-7", "ISO 8859-7"),
        ("Συννεφιασμένη Κυριακή, Βασίλης Τσιτσάνης", "cp737", "DOS code page 737"),
        ("Ağladıkça, Şarkılarım Dağlara, Işık", "cp857", "DOS code page 857"),
        ("ירושלים של זהב, שולי נתן", "cp862", "DOS code page 862"),
        ("زهرة المدائن, فيروز", "iso8859-6", "ISO 8859-6"),
        ("ก้อนหินก้อนนั้น, โรส ศิรินทิพย์", "tis-620", "Windows-874"),
        ("さくら, 森山直太朗", "iso2022_jp", "ISO-2022-JP"),
        ("서른 즈음에, 김광석", "iso2022_kr", "ISO-2022-KR"),
        ("月亮代表我的心, 邓丽君", "hz", "HZ"),
        ("~{intro}~ $~{}~", "ascii", ""),
        ("Beyoncé がんばれ", "utf-8", ""),
        ("Beyoncé がんばれ", "utf-32", ""),
        ("plain", "ascii", ""),
        ("Beyoncé", "utf-16", ""),
    ],
)
def test_encoding_is_guessed_from_letters_within_words(text: str, encoding: str, name: str) -> None:
    assert decode_guessing(text.encode(encoding)) == (text, name)


@pytest.mark.parametrize(
    "text",
    [
        *("P!nk™", "µ-Ziq", "®", "©2020", "© Björk", "Concerto Nº 5 in A", "4×4", "÷", "+ - = ÷ ×", "¥$", "2ª parte"),
        *("A±B", "¹", "Dr. Octagon ²", "E=mc²", "½", "N°1", "23°", "§", "¡Ay!", "¿Qué?", "“X”…", "£ $ €", "Foo®"),
        *("4×4\nMötley Crüe", "Nº 5\nBeyoncé", "÷\n×\n=\n÷\n×\n÷", "4×4\n§ 5\nFoo®\nOù", "foo×bar\n†\nGöteborg"),
    ],
)
def test_symbols_that_are_no_part_of_a_word_are_those_of_windows_1252(text: str) -> None:
    assert decode_guessing(text.encode("cp1252")) == (text, "Windows-1252")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(("Małgośka", "iso8859-2"), ("Michał", "cp1250"), ("Aktaş", "cp1250"), ("Hommage à Piazzolla", "mac-roman")),
        *(("L'été (à l'Olympia)", "cp850"), ("Ø", "mac-roman")),
    ],
)
def test_bytes_in_place_of_letters_are_letters_of_another_encoding(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


def test_guessing_takes_a_bounded_number_of_words() -> None:
    noise = random.Random(1)
    words = [bytes(noise.choices(range(0xC0, 0x100), k=60)) for _ in range(20_000)]
    beginning = "Звезда по имени Солнце " * 100
    text = beginning.encode("cp1251") + b" ".join(words)
    assert guess_encoding(text) == guess_encoding(text[: len(text) // 10])


def test_encoding_is_guessed_for_several_texts_together() -> None:
    names = [name.encode("cp1251") for name in ("Звезда", "Я", "Кукушка", "plain")]
    encoding = guess_together([*names, "Été".encode()])
    assert [decode_text(name, encoding) for name in names] == ["Звезда", "Я", "Кукушка", "plain"]
    assert decode_text("Été".encode(), encoding) == "Été"
    assert guess_together([b"plain", "Été".encode()]) is None


def test_encodings_are_not_loaded_for_utf_8() -> None:
    program = (
        "import sys; from spotmap_build.core.text import decode_text; decode_text('Été'.encode())\n"
        "import spotmap_build.fetch.folders.folder, spotmap_build.fetch.tables.table\n"
        "sys.exit('spotmap_build.core.encodings' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize(
    ("letters", "encoding"),
    [
        ("月亮代表我的心, 邓丽君", "gb18030"),
        ("月亮代表我的心, 鄧麗君", "big5"),
        ("夜に駆ける, 美空ひばり", "euc_jp"),
        ("赤いスイートピー", "euc_jp"),
    ],
)
def test_multibyte_encoding_is_detected_in_a_long_text(letters: str, encoding: str, shift: int) -> None:
    text = "x" * shift + f"{letters}\n" * 4_000
    assert decode_text(text.encode(encoding)) == text


NOW = datetime(2026, 11, 29, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Sun, 29 Nov 2026 00:02:00 GMT", 120.0),
        ("86400000000000", float(MAX_PAUSE_S)),
        ("9" * 400, float(MAX_PAUSE_S)),
        ("inf", float(MAX_PAUSE_S)),
        ("Sun, 29 Nov 9999 00:02:00 GMT", float(MAX_PAUSE_S)),
        ("nan", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_header_is_parsed_and_bounded(header: str | None, wait_s: float | None) -> None:
    assert parse_retry_after(header, now_unix_s=NOW) == wait_s


def test_remembered_retry_time_is_bounded() -> None:
    assert clamp_retry_at(1e30, NOW) == int(NOW) + MAX_PAUSE_S
    assert clamp_retry_at(NOW + 60, NOW) == int(NOW) + 60


class Interrupted(int):
    """A number whose addition lets another thread try to add concurrently."""

    threads: list[threading.Thread]

    def __radd__(self, other: int) -> int:
        for thread in self.threads:
            thread.start()
            thread.join(timeout=0.2)  # it may be blocked by the lock, so do not wait for its end
        return other + int(self)


def test_no_count_is_lost_between_two_threads() -> None:
    tally, number = ThreadSafeCounter(), Interrupted(1)
    number.threads = [threading.Thread(target=tally.add, args=("downloaded",), daemon=True)]
    tally.add("downloaded", number)
    number.threads[0].join(timeout=10)
    assert tally["downloaded"] == 2


class Flaky:
    """Fails a given number of times before it succeeds."""

    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.calls = 0
        self._failures = failures
        self._error = error

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error(str(self.calls))
        return "done"


@pytest.mark.parametrize(("failures", "pauses_s"), [(0, []), (1, [1.0]), (2, [1.0, 4.0]), (3, [1.0, 4.0, 16.0])])
def test_transient_failure_is_retried_after_growing_pauses(failures: int, pauses_s: list[float]) -> None:
    slept: list[float] = []
    policy = RetryPolicy(attempts=4, first_pause_s=1.0, factor=4.0)
    assert policy.call(Flaky(failures), retry_on=OSError, sleep=slept.append) == "done"
    assert slept == pauses_s


def test_last_attempt_and_other_errors_are_not_retried() -> None:
    policy = RetryPolicy(attempts=3, first_pause_s=0.0)
    passing, other = Flaky(9), Flaky(9, ValueError)
    with pytest.raises(OSError, match="3"):
        policy.call(passing, retry_on=OSError)
    with pytest.raises(ValueError, match="1"):
        policy.call(other, retry_on=OSError)
    assert (passing.calls, other.calls) == (3, 1)
