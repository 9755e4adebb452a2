"""Translations: every message of the code is in every catalog, with the same placeholders, and compiled."""

from __future__ import annotations

import ast
import contextlib
import gettext
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from scripts import catalog
from scripts.catalog import forms
from spotmap_build import cli, cli_options, pipeline, scaffold
from spotmap_build.acquire.head_files import HeadFiles
from spotmap_build.config import Config
from spotmap_build.config_values import Shard
from spotmap_build.core import translation
from spotmap_build.core.language import LANGUAGES, LOCALE, page_gettext, page_ngettext
from spotmap_build.embed import weights
from spotmap_build.emit.page import EXAMPLE, render_pages
from spotmap_build.emit.template import read_template
from spotmap_build.errors import WeightsError
from spotmap_build.model import Failed
from spotmap_build.progress import PlainProgress
from spotmap_build.registry import embedders
from spotmap_build.run import Clock, Run
from spotmap_build.summary import REASONS, BuildResult, ShardResult, markdown, shard_lines, summary_lines

if TYPE_CHECKING:
    from spotmap_build.cache.store import Cache

pytestmark = pytest.mark.xdist_group("catalogs")  # messages are extracted from the code once
TRANSLATED = LANGUAGES[1:]
VALUE = re.compile(r"\{\w*\}")


@pytest.mark.slow
def test_compiled_catalogs_are_up_to_date() -> None:
    stale = [path for path, content in catalog.products().items() if path.read_bytes() != content]
    assert not stale, "run python -m scripts.catalog"


def test_every_language_has_a_folder() -> None:
    assert {path.name for path in LOCALE.iterdir() if path.is_dir()} == set(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("domain", catalog.DOMAINS)
def test_every_message_is_translated_with_the_same_placeholders(domain: str, language: str) -> None:
    wrong = []
    for message in catalog.updated(domain, language):
        if not message.id:
            continue
        singular, *plural = forms(message.id)
        # A singular form may omit the count, in any language.
        values = set(VALUE.findall(plural[0] if plural else singular))
        for form in forms(message.string):
            edges = [(len(text) - len(text.lstrip()), len(text) - len(text.rstrip())) for text in (singular, form)]
            has = set(VALUE.findall(form))
            if not form or message.fuzzy or has not in (values, set(VALUE.findall(singular))):
                wrong.append(f"{singular!r}: {form!r}")
            elif edges[0] != edges[1] and not (singular.isspace() or singular.strip() in {";", ",", "and"}):
                wrong.append(f"{singular!r} begins or ends with spaces otherwise: {form!r}")
    assert not wrong


CALL = re.compile(r"""\b(?:gettext|gettext_noop|ngettext)\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
"""A message of the viewer, found by a plain pattern: the parser of JavaScript modules must not miss any."""


SPEAKING = {*catalog.TERMINAL, *catalog.PAGE_PYTHON}


def test_no_message_of_the_viewer_is_missed() -> None:
    known = {forms(message.id)[0] for message in catalog.messages("page") if message.id}
    written = {
        re.sub(r"\\(.)", r"\1", found[1][1:-1])
        for path in sorted((catalog.TEMPLATE / "viewer").rglob("*.js"))
        for found in CALL.finditer(path.read_text("utf-8"))
    }
    assert len(written) > 200
    assert written - known == set()


def test_no_message_of_the_package_is_inside_an_f_string() -> None:
    """There the extraction finds it only with Python 3.12 or newer."""
    hidden = [
        f"{path.name}:{call.lineno}"
        for path in sorted((catalog.ROOT / "spotmap_build").rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SPEAKING
        if any(isinstance(argument, ast.Constant) for argument in call.args)
    ]
    assert hidden == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_page_catalog_has_every_message(language: str) -> None:
    document = json.loads((catalog.TEMPLATE / f"language.{language}.json").read_text("utf-8"))
    expected = {one for message in catalog.messages("page") if (one := forms(message.id)[0])}
    assert set(document["texts"]) == expected
    assert set(document["sentences"]) <= expected
    assert document["dir"] == "ltr"
    assert set(document["plural"].values()) == set(range(len(document["texts"]["{count} track"])))


def test_plural_forms_map_cldr_categories_to_gettext_indices() -> None:
    assert catalog._plural_forms("pl") == {"many": 2, "one": 0, "few": 1}
    assert catalog._plural_forms("ja") == {"other": 0}


def test_plurals_and_numbers_follow_the_language() -> None:
    texts = [page_ngettext(language, "{count} track", "{count} tracks", n) for language in LANGUAGES for n in (1, 1200)]
    assert texts == ["1 track", "1,200 tracks", "1 Titel", "1.200 Titel", "1 pista", "1.200 pistas", "1曲", "1,200曲"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_shown_without_javascript_is_in_the_build_language(language: str) -> None:
    pages = render_pages(read_template(), replace(EXAMPLE, language=language))
    for name in ("index.html", "404.html"):
        assert f'<html lang="{language}"' in pages[name].decode()
    page = html.unescape(pages["index.html"].decode())
    assert page_gettext(language, "This map needs JavaScript") in page
    assert page_gettext(language, "Loading the map") in page
    assert page_gettext(language, "Nothing is here") in html.unescape(pages["404.html"].decode())
    # Everything else is in English: the page's script finds it by its English text.
    assert ">Show all<" in page


class Pseudo(gettext.NullTranslations):
    """A language that encloses every message in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def pseudo_terminal() -> Iterator[None]:
    translation.set_language("en", Pseudo())
    yield
    translation.set_language("en")


@pytest.mark.usefixtures("pseudo_terminal")
def test_summary_of_a_build_comes_from_the_catalog() -> None:
    failures = tuple(Failed(track_id=code, code=code, detail="", stage="match") for code in REASONS)
    result = BuildResult(3, 3 + len(failures), failures, embedded_count=2, changed=True, seconds=1.0)
    shard = ShardResult(Shard(1, 3), 3 + len(failures), failures, embedded_count=2, seconds=1.0)
    lines = [*summary_lines(result, "1 s", Path("site.report.json")), *shard_lines(shard)]
    lines += [line for line in markdown(result, "").split("\n") if line.strip("# ")]
    assert [line for line in lines if "⟦" not in line] == []


@pytest.mark.usefixtures("pseudo_terminal")
def test_output_of_init_and_plan_comes_from_the_catalog(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return ""

    choices = scaffold.choose((), None, None, ask=answer)
    made = scaffold.write_files(tmp_path, scaffold.make_files(choices, "OWNER/spotmap-build@v1"))
    lines = [*asked, *scaffold.describe_result(made, choices, "OWNER/spotmap-build@v1", tmp_path)]
    config = Config(sources=("demo",), out=tmp_path / "site", cache_dir=tmp_path / "cache")
    lines += pipeline.plan(config, PlainProgress(io.StringIO()))
    assert [line for line in lines if "⟦" not in line] == []


@pytest.mark.usefixtures("pseudo_terminal")
def test_messages_about_weights_and_heads_come_from_the_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise WeightsError("Nothing can be fetched.")

    monkeypatch.setattr(weights, "ensure_head", refuse)
    monkeypatch.setattr(weights, "_fetch_weights", refuse)
    output = io.StringIO()
    progress, spec = PlainProgress(output), embedders.find("discogs-effnet")
    run = Run(Config(models_dir=tmp_path), cast("Cache", None), progress, Clock(0))
    assert HeadFiles(run, spec, "onnx").available == {}
    with pytest.raises(WeightsError):
        weights.ensure_weights(spec, "http://127.0.0.1:9/", tmp_path, say=progress.say)
    text = output.getvalue()
    names = ", ".join(f"⟦{name}⟧" for name in ("moods", "instruments", "voice", "dance appeal", "cheerfulness"))
    assert f"⟦Downloading the classifier heads of discogs-effnet ({names}): 7 MB in total, once.⟧ ⟦They are by" in text
    assert f"⟦Left out of this map: {names}.⟧ Nothing can be fetched." in text
    assert "⟦Downloading the weights of discogs-effnet (18 MB, once).⟧ ⟦They are by" in text


def test_empty_message_is_not_the_catalog_header() -> None:
    translation.set_language("de")
    translated = translation.gettext("")
    translation.set_language("en")
    assert translated == ""


@pytest.mark.parametrize(("language", "heading"), [("de", "Einstellungen"), ("es", "Ajustes"), ("ja", "設定")])
def test_terminal_uses_the_requested_language(
    language: str, heading: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTMAP_LANGUAGE", language)
    with contextlib.suppress(SystemExit):
        cli.main(["doctor"], standalone_mode=False)
    translation.set_language("en")
    assert heading in capsys.readouterr().out


def test_machine_readable_output_is_in_english(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTMAP_LANGUAGE", "de")
    with contextlib.suppress(SystemExit):
        cli.main(["doctor", "--json"], standalone_mode=False)
    assert "Settings" in {finding["name"] for finding in json.loads(capsys.readouterr().out)}
    cli_options.read_config({"log": "json"})
    in_a_log = translation.gettext("unchanged")
    cli_options.read_config({"log": "plain"})
    on_a_terminal = translation.gettext("unchanged")
    translation.set_language("en")
    assert (in_a_log, on_a_terminal == in_a_log) == ("unchanged", False)
