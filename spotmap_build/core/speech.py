"""What the terminal says, in the language of the person: messages of the catalog ``terminal``.

Which messages are in it, and what stays English, says docs/languages.md. A message is a text between quotation marks
with the names of values in braces, so that ``scripts.catalog`` finds it: ``gettext("{count} new", count=count)``.
"""

from __future__ import annotations

import gettext as catalogs
from typing import TYPE_CHECKING, Final

from spotmap_build.core.language import AUTO, catalog_of, texts_of, whole_number

if TYPE_CHECKING:
    from spotmap_build.core.sentences import Sentences

DOMAIN: Final = "terminal"
SENTENCES: Final = "errors"


class _Voice:
    """The language that this process speaks: one command has one."""

    language = "en"
    catalog: catalogs.NullTranslations = catalogs.NullTranslations()
    sentences: Sentences | None = None
    """Loaded once something is to be said by them."""


def speak(language: str, catalog: catalogs.NullTranslations | None = None) -> None:
    """Choose the language of what this process says from now on; ``auto`` is English."""
    _Voice.language = "en" if language == AUTO else language
    _Voice.catalog = catalog_of(DOMAIN, language) if catalog is None else catalog
    _Voice.sentences = None


def spoken_language() -> str:
    """Return the code of the language that this process speaks: what an HTML page names as ``lang``."""
    return _Voice.language


def is_english() -> bool:
    """Whether what this process says is said as it is in the code."""
    return type(_Voice.catalog) is catalogs.NullTranslations


def gettext(message: str, **values: object) -> str:
    """Return a message in the person's language, with its values."""
    said = _Voice.catalog.gettext(message) if message else ""  # what catalogs have under "" is their own head
    return said.format(**values) if values else said


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Return the form of a message that goes with a count, with the count and other values in it.

    >>> ngettext("{count} track is new.", "{count} tracks are new.", 1200)
    '1,200 tracks are new.'
    """
    said = _Voice.catalog.ngettext(one, many, count)
    return said.format(count=number(count), **values)


def said(text: str) -> str:
    """Return an English text (an error, its hint, why a track failed) in the person's language.

    Such texts are in English wherever programs read them and where they are kept, and are translated where they are
    shown: see :mod:`~spotmap_build.core.sentences`.
    """
    if is_english():
        return text
    if _Voice.sentences is None:
        from spotmap_build.core.sentences import Sentences

        _Voice.sentences = Sentences(texts_of(SENTENCES, _Voice.language), number)
    return _Voice.sentences.say(text)


def sentence(text: str) -> str:
    """Mark a text of the catalog ``errors`` that is given to no error and no hint: ``scripts.catalog`` finds it."""
    return text


def number(count: int) -> str:
    """Return a whole number as people write it."""
    return whole_number(_Voice.language, count)


def gettext_noop(message: str) -> str:
    """Mark a message that is translated where it is said: a table is made before the language is known."""
    return message
