"""The terminal in other languages: help, usage, errors and answers are in the catalogs and keep their values."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from scripts import sentences
from spotmap_build import cli, cli_help, cli_options, describe, doctor
from spotmap_build.cache.maintenance import CheckReport, StageStats, Stats
from spotmap_build.cache.merge import MergeReport
from spotmap_build.cache.prune import PruneReport
from spotmap_build.core import translation
from spotmap_build.core.language import LANGUAGES, translations_of
from spotmap_build.core.sentences import VALUE, SentenceTranslator
from spotmap_build.core.text import display_width
from spotmap_build.doctor import Finding
from spotmap_build.emit.list_folder import Updated
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.spotify.playlist_changes import Add, Change, Made, Move, Remove, Rename, WantedList
from spotmap_build.progress import JsonProgress, PlainProgress
from spotmap_build.stages.push import Proposal
from spotmap_build.store import Pulled, Pushed
from tests.support.command import spotmap
from tests.unit.test_catalogs import Pseudo

pytestmark = pytest.mark.xdist_group("catalogs")  # messages are extracted from the code once
TRANSLATED = LANGUAGES[1:]
COLUMNS = 80
MAX_EXAMPLE_WIDTH = 106
"""The width of the examples, which are not wrapped, even in English."""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    translation.set_language("en")


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in context.command.commands.items():
            yield from commands(type(context)(command, parent=context, info_name=name))


def all_commands() -> list[click.Context]:
    return list(commands(cli_help.Context(cli.main, info_name="spotmap-build", terminal_width=COLUMNS)))


def test_help_comes_from_the_catalog() -> None:
    translation.set_language("en", Pseudo())
    for context in all_commands():
        text = " ".join(context.get_help().split())
        # Outside brackets are only names that are typed: commands, options, and placeholders of their values.
        outside = re.sub(r"⟦[^⟦⟧]*⟧", " | ", text)
        assert re.findall(r"(?:[A-Za-z][a-z']+ ){2,}", outside.replace(context.command_path, "")) == [], (
            context.command_path
        )


@pytest.mark.parametrize("language", TRANSLATED)
def test_help_has_no_english_text(language: str) -> None:
    english = {text for text, _ in cli_help.messages(cli.main) if len(text) > 12}
    translation.set_language(language)
    for context in all_commands():
        text = " ".join(context.get_help().split())
        assert [each for each in english if " ".join(each.split()) in text] == []
        assert "Show this message" not in text
        assert "Options:" not in text
        assert "Usage:" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_fits_the_terminal(language: str) -> None:
    translation.set_language(language)
    for context in all_commands():
        lines = context.get_help().splitlines()
        wrapped = lines[: -len(cli.EPILOG.splitlines())] if context.command is cli.main else lines
        assert [line for line in wrapped if display_width(line) > COLUMNS] == []
        assert [line for line in lines if display_width(line) > MAX_EXAMPLE_WIDTH or "\ue000" in line] == []


def test_japanese_lines_do_not_start_with_closing_punctuation() -> None:
    translation.set_language("ja")
    for context in all_commands():
        assert [line for line in context.get_help().splitlines() if re.match(r" *[、。）」ー：:;)]", line)] == []


def test_english_help_equals_that_of_click() -> None:
    for context in all_commands():
        plain = click.HelpFormatter(width=context.make_formatter().width)
        context.command.format_help(context, plain)
        assert context.get_help() == plain.getvalue().rstrip("\n")


def test_every_error_message_can_be_extracted_from_the_code() -> None:
    found = sentences.find_sentences()
    assert len(found) > 700
    # One of each kind: an f-string, a constant in another module, a hint, a condition, a function, a failure.
    for message in (
        "{path} has no rows.",
        "Log in again: spotmap-build login",
        "Start a map in this folder: spotmap-build init.",
        "cannot be set in a file",
        "Known keys: {names}.",
        "It is silent: its effective level is below -75 dBFS.",
        "It was set aside and is recomputed.",
    ):
        assert message in found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            'raise ConfigError(f"{path} has {count:,} rows.", hint=HINT)',
            ["{path} has {count} rows.", "Leave some out."],
        ),
        ('raise ConfigError("It is gone." if gone else f"It is at {place!r}.")', ["It is gone.", "It is at {place}."]),
        (
            'raise ConfigError(f"{error.strerror or error} is what {self._name} says.")',
            ["{reason} is what {name} says."],
        ),
        ('raise ConfigError(f"{a} and {a} are two things.")', ["{a} and {a_} are two things."]),
        ('raise ConfigError(f"{name}: {error}")', []),
        ('raise ConfigError(f"{why} It was left out.")', ["It was left out."]),
        (
            'why = "no room is left"\n    raise ConfigError(f"It is not kept: {why}.")',
            ["It is not kept: {why}.", "no room is left"],
        ),
    ],
)
def test_messages_become_patterns(
    code: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = "class SpotmapError(Exception):\n    pass\nclass ConfigError(SpotmapError):\n    pass\n"
    (tmp_path / "module.py").write_text(f'{errors}HINT = "Leave some out."\ndef load():\n    {code}\n')
    monkeypatch.setattr(sentences, "PACKAGE", tmp_path)
    assert list(sentences.find_sentences.__wrapped__()) == expected


def test_message_that_cannot_be_extracted_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module.py").write_text("class SpotmapError(Exception):\n    pass\nraise SpotmapError(table.text)\n")
    monkeypatch.setattr(sentences, "PACKAGE", tmp_path)
    with pytest.raises(sentences.UnreadableText, match=r"module\.py:3: table\.text"):
        sentences.find_sentences.__wrapped__()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_with_its_values(language: str) -> None:
    texts = translations_of("errors", language)
    translator = SentenceTranslator(texts, str)
    wrong = []
    for message in sentences.find_sentences():
        values = {f"{{{name}}}": f"‹{number}›" for number, name in enumerate(VALUE.findall(message))}
        filled = message
        for name, value in values.items():
            filled = filled.replace(name, value)
        shown = translator.translate(filled)
        if any(value not in shown for value in values.values()) or (shown == message and message != texts[message]):
            wrong.append(f"{message!r}: {shown!r}")
    assert wrong == []


WITH_WORDS = (
    "a.csv has 5,000 columns; the limit is 4,000.",
    "The embedder 'x' of the package p does not work: Error: 7 (a.py, line 3).",
    "The report a would be inside the cache (b).",
    "a.csv is an old Excel workbook, not text.",
    "a.npy: the vector of row 3 holds NaN or infinity (2 such rows).",
    "There is no map at a that can be continued (no connection: b).",
    "Spotify's list of your saved tracks ends after 3 of 5 rows.",
    "Spotify lists an empty row. (Row 3 of the playlist “a”.)",
    "Spotify refuses requests for 3 minutes.",
    "5 of 10 covers are missing: 3 not there any more; 2 not to be reached.",
    "The download is incomplete: nothing arrived.",
    "a.mp3: The file is damaged: no audio can be read from it.",
)
"""Sentences with words of the code as values."""


@pytest.mark.parametrize("language", TRANSLATED)
def test_words_in_a_sentence_are_translated_with_it(language: str) -> None:
    translator = SentenceTranslator(translations_of("errors", language), str)
    english = {"columns", "embedder", "report", "cache", "old", "workbook", "holds", "or", "connection", "your"}
    english |= {"saved", "tracks", "row", "playlist", "minutes", "not", "there", "nothing", "arrived", "Row", "file"}
    for sentence in WITH_WORDS:
        words = set(re.findall(r"\b[A-Za-z]+\b", translator.translate(sentence), re.ASCII))
        assert words & (english) == set(), translator.translate(sentence)


TEXTS = {
    "{path} cannot be read: {reason}.": "{path} ist nicht lesbar: {reason}.",
    "{path} has {count} rows.": "{path} hat {count} Zeilen.",
    "There is no file {path}.": "Es gibt keine Datei {path}.",
    "Make room.": "Platz schaffen.",
    "no connection": "keine Verbindung",
    "must be a whole number from 0 to {most}": "muss eine ganze Zahl von 0 bis {most} sein",
    "it is {value}": "dort steht {value}",
    ".": ".",
}


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("Make room.", "Platz schaffen."),
        ("a.csv has 1,234 rows. Make room.", "a.csv hat 1.234 Zeilen. Platz schaffen."),
        ("a. B.csv has 2 rows.", "a. B.csv hat 2 Zeilen."),
        ("a.csv cannot be read: no connection.", "a.csv ist nicht lesbar: keine Verbindung."),
        ("a.csv cannot be read: Permission denied.", "a.csv ist nicht lesbar: Permission denied."),
        ("git: fatal, no such ref. Make room.", "git: fatal, no such ref. Platz schaffen."),
        ("b.toml: [build] jobs must be a whole number from 0 to 9; it is 'x'.",
         "b.toml: [build] jobs muss eine ganze Zahl von 0 bis 9 sein; dort steht 'x'."),
        ("{odd} has 2 rows.", "{odd} hat 2 Zeilen."),
        ("", ""),
        ("Somebody else's words", "Somebody else's words"),
    ],
)  # fmt: skip
def test_sentences_are_matched_by_their_patterns(text: str, translated: str) -> None:
    assert SentenceTranslator(TEXTS, lambda count: f"{count:,}".replace(",", ".")).translate(text) == translated


def test_english_needs_no_patterns() -> None:
    translation.set_language("en")
    assert translation.translate("Make room.") == "Make room."
    assert translation._Active.sentences is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--source", "bogus:x"], {"de": "keine Quelle 'bogus'", "es": "la fuente 'bogus'", "ja": "ソース 'bogus'"}),
        (
            ["--source", "folder:nowhere"],
            {"de": "Es gibt keinen Ordner", "es": "No hay ninguna carpeta", "ja": "nowhereがありません"},
        ),
        (["plan", "--jobs", "x"], {"de": "Ungültiger Wert", "es": "Valor no válido", "ja": "値が正しくありません"}),
        (["card"], {"de": "Argument 'FILE' fehlt", "es": "Falta el argumento 'FILE'", "ja": "引数'FILE'がありません"}),
        (["--nope"], {"de": "Option '--nope' gibt es nicht", "es": "la opción '--nope'", "ja": "'--nope'という"}),
        (["cache", "check"], {"de": "ist kein Cache", "es": "ninguna caché en", "ja": "にキャッシュがありません"}),
        (["review"], {"de": "Es gibt keinen Bericht", "es": "No hay ningún informe", "ja": "レポート"}),
    ],
)
@pytest.mark.parametrize("language", TRANSLATED)
def test_command_errors_are_translated(
    arguments: list[str], expected: dict[str, str], language: str, tmp_path: Path
) -> None:
    done = spotmap(*arguments, cwd=tmp_path, extra={"SPOTMAP_LANGUAGE": language})
    assert expected[language] in " ".join(done.stderr.split()), done.stderr


@pytest.mark.parametrize("file", ["", '[build]\nlanguage = "de"\n'], ids=["set by a variable", "set by the file"])
def test_group_without_a_command_lists_its_commands(file: str, tmp_path: Path) -> None:
    if file:
        (tmp_path / "spotmap.toml").write_text(file)
    done = spotmap("cache", cwd=tmp_path, extra={} if file else {"SPOTMAP_LANGUAGE": "de"})
    assert done.status == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Aufruf: ")
    assert any(line.split()[:1] == ["prune"] for line in lines)


def test_json_log_is_in_english_in_every_language(tmp_path: Path) -> None:
    arguments = ["--source", "folder:nowhere", "--log", "json"]
    spoken = [spotmap(*arguments, cwd=tmp_path, extra={"SPOTMAP_LANGUAGE": code}).stderr for code in ("en", "de", "ja")]
    errors = [re.sub(r'"time_s":[\d.]+', "", text) for text in spoken]
    assert "nowhere does not exist" in errors[0]
    assert errors[0] == errors[1] == errors[2]


def test_progress_is_translated_for_people_only() -> None:
    translation.set_language("de")
    shown, logged = io.StringIO(), io.StringIO()
    PlainProgress(shown).say("The cache at x is in use.", level="warning")
    JsonProgress(logged).say("The cache at x is in use.")
    assert shown.getvalue() == "Warnung: Der Cache unter x wird gerade verwendet.\n"
    assert json.loads(logged.getvalue())["message"] == "The cache at x is in use."


def test_exception_text_stays_in_english() -> None:
    translation.set_language("ja")
    error = ConfigError("No source was given.", hint="Make room.")
    assert (str(error), error.hint) == ("No source was given.", "Make room.")


@pytest.mark.parametrize(
    ("arguments", "environment", "file", "expected"),
    [
        (["--help"], "", "", "en"),
        (["--help"], "es", "", "es"),
        (["--language", "de", "--help"], "es", "", "de"),
        (["--language=ja", "--help"], "", "", "ja"),
        (["--help"], "", '[build]\nlanguage = "de"\n', "de"),
        (["--help"], "", "not toml", "en"),
        (["--help", "--log", "json"], "es", "", "en"),
        (["--help", "--log", "json"], "", '[build]\nlanguage = "de"\n', "en"),
        (["--help"], "xx", "", "en"),
    ],
)
def test_help_is_in_the_language_of_the_settings(
    arguments: list[str], environment: str, file: str, expected: str, in_a_folder: pytest.MonkeyPatch
) -> None:
    in_a_folder.setenv("SPOTMAP_LANGUAGE", environment)
    if file:
        Path("spotmap.toml").write_text(file)
    cli_options.set_language_from(arguments, reads_file=True)
    assert translation._Active.language == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_columns_of_answers_are_aligned(language: str) -> None:
    translation.set_language(language)
    names = (translation.gettext("Cache"), translation.gettext("Page template"), "Python")
    lines = doctor.as_text(tuple(Finding(name, "ok", "|") for name in names)).split("\n")
    assert len({display_width(line.partition("|")[0]) for line in lines}) == 1


def answers() -> list[str]:
    """Return all output of the commands for the cache, the store and playlists."""
    wanted, made = WantedList("c1", "Calm", ("a", "b")), Made("p", "Calm")
    many = tuple(str(number) for number in range(20))
    operations = (Rename("Calm"), Remove(("x",)), Move(0, 1, 3), Add(0, many))
    changes = (
        Change(wanted, "", (Add(0, ("a",)),), made, made),
        Change(wanted, "p", operations, made, made, notes=("keeps your order; new tracks are added at the end",)),
        Change(wanted, "p", (), made, made),
    )
    damaged = ("ac/x",)
    return [
        line
        for lines in (
            describe.describe_stats(Stats((StageStats("embed-v1", 12, 2, 34_000),), 5, 40_000, 7, 8, 2_000_000)),
            describe.describe_check(CheckReport(1, 1, 1, (), ())),
            describe.describe_check(CheckReport(1, 1, 1, damaged, damaged)),
            describe.describe_prune(PruneReport(3, 1000, 4)),
            describe.describe_merge(MergeReport(added=1200, replaced=1, known=2, damaged=1, copied_bytes=1000)),
            describe.describe_pushed(Pushed(1200, 1, 2, 3000, damaged), "a store"),
            describe.describe_pushed(Pushed(0, 1, 0, 0, ()), "a store"),
            describe.describe_pushed(Pushed(0, 0, 0, 0, ()), "a store"),
            describe.describe_pulled(Pulled(True, 1, 2, damaged), "a store"),
            describe.describe_pulled(Pulled(False, 0, 0, ()), "a store"),
            describe.push_lines(Proposal(changes, 1, 2, ("Gone",), {})),
            describe.push_lines(Proposal((), 0, 0, (), {})),
            describe.update_lines(Updated(1, 2, 3, ("hand.m3u8",)), Path("lists")),
        )
        for line in lines
    ]


def test_every_answer_comes_from_the_catalog() -> None:
    translation.set_language("en", Pseudo())
    tracks = re.compile(r"  [+-] \w+")
    assert [line for line in answers() if "⟦" not in line and not tracks.fullmatch(line) and "keeps" not in line] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_answer_is_in_english(language: str) -> None:
    english = {line for line in answers() if not line.startswith("  ")}
    translation.set_language(language)
    assert english.isdisjoint(answers())


def test_answers_use_plurals_and_numbers_of_the_language() -> None:
    texts = []
    for language in LANGUAGES:
        translation.set_language(language)
        texts += [next(describe.describe_pulled(Pulled(True, count, 2, ()), "S")) for count in (1, 1200)]
    assert texts == [
        "1 result was added from S; 2 were already here.",
        "1,200 results were added from S; 2 were already here.",
        "1 Ergebnis wurde von S übernommen; 2 waren schon hier.",
        "1.200 Ergebnisse wurden von S übernommen; 2 waren schon hier.",
        "Se añadió 1 resultado de S; 2 ya estaban aquí.",
        "Se añadieron 1.200 resultados de S; 2 ya estaban aquí.",
        "Sから結果1件を取り込みました。2件はすでにあります。",
        "Sから結果1,200件を取り込みました。2件はすでにあります。",
    ]
