"""Translate terminal output to the person's language, with the catalog ``terminal``.

docs/languages.md lists which messages are translated and which stay in English. A message must be a string literal with
the names of values in braces, so that ``scripts.catalog`` finds it: ``gettext("{count} new", count=count)``.
"""

from __future__ import annotations

import gettext as catalogs
from typing import TYPE_CHECKING, Final

from spotmap_build.core.language import AUTO, catalog_of, format_integer, translations_of

if TYPE_CHECKING:
    from spotmap_build.core.sentences import SentenceTranslator

DOMAIN: Final = "terminal"
SENTENCES: Final = "errors"


class _Active:
    """The output language of this process."""

    language = "en"
    catalog: catalogs.NullTranslations = catalogs.NullTranslations()
    sentences: SentenceTranslator | None = None
    """Loaded when first used."""


def set_language(language: str, catalog: catalogs.NullTranslations | None = None) -> None:
    """Set the output language of this process; ``auto`` is English."""
    _Active.language = "en" if language == AUTO else language
    _Active.catalog = catalog_of(DOMAIN, language) if catalog is None else catalog
    _Active.sentences = None


def current_language() -> str:
    """Return the code of the output language, as in the ``lang`` attribute of HTML."""
    return _Active.language


def is_english() -> bool:
    """Return whether messages are shown untranslated."""
    return type(_Active.catalog) is catalogs.NullTranslations


def gettext(message: str, **values: object) -> str:
    """Translate a message to the person's language and insert its values."""
    text = _Active.catalog.gettext(message) if message else ""  # catalogs store their header under ""
    return text.format(**values) if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Translate a message in the plural form for a count, and insert the count and other values.

    >>> ngettext("{count} track is new.", "{count} tracks are new.", 1200)
    '1,200 tracks are new.'
    """
    text = _Active.catalog.ngettext(one, many, count)
    return text.format(count=format_count(count), **values)


def translate(text: str) -> str:
    """Translate an English text (an error, its hint, why a track failed) to the person's language.

    Such texts are stored and passed to programs in English, and translated only for display: see
    :mod:`~spotmap_build.core.sentences`.
    """
    if is_english():
        return text
    if _Active.sentences is None:
        from spotmap_build.core.sentences import SentenceTranslator

        _Active.sentences = SentenceTranslator(translations_of(SENTENCES, _Active.language), format_count)
    return _Active.sentences.translate(text)


def translatable(text: str) -> str:
    """Mark a text outside of errors and hints for the catalog ``errors``, so that ``scripts.catalog`` finds it."""
    return text


def format_count(count: int) -> str:
    """Format an integer with the thousands separator of the output language."""
    return format_integer(_Active.language, count)


def gettext_noop(message: str) -> str:
    """Mark a message that is translated later, such as one in a constant, defined before the language is known."""
    return message
