"""Gettext catalogs with the translations of messages that a build shows on the page and in the terminal.

The code contains the English messages, which are the keys of the translations. The catalogs are in
``spotmap_build/locale``, with one folder per language, and ``python -m scripts.catalog`` updates them. The page's
script translates its own messages.
"""

from __future__ import annotations

import gettext as catalogs
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "de", "es", "ja")
"""English, the language of the source messages, and the languages that have catalogs."""
AUTO: Final = "auto"
"""No language selected: the page uses the reader's language, and the terminal uses English."""
LOCALE: Final = Path(__file__).parents[1] / "locale"
_BETWEEN_THOUSANDS: Final = {"de": ".", "es": "."}
"""Thousands separators other than the comma."""


@cache
def catalog_of(domain: str, language: str) -> catalogs.NullTranslations:
    """Return the catalog of a domain, such as ``page`` or ``terminal``, in a language."""
    if language in {AUTO, "en"}:
        return catalogs.NullTranslations()
    return catalogs.translation(domain, LOCALE, [language])


def translations_of(domain: str, language: str) -> dict[str, str]:
    """Return all messages and their translations from a catalog without plural forms."""
    known: dict[str, str] = getattr(catalog_of(domain, language), "_catalog", {})
    return {message: text for message, text in known.items() if message}


def page_gettext(language: str, message: str) -> str:
    """Translate a message from the page's catalog, for text that the page shows without running a script."""
    return catalog_of("page", language).gettext(message)


def page_ngettext(language: str, one: str, many: str, count: int) -> str:
    """Translate a message from the page's catalog in the plural form for a count, and insert the count.

    >>> page_ngettext("en", "{count} track", "{count} tracks", 1200)
    '1,200 tracks'
    """
    return catalog_of("page", language).ngettext(one, many, count).format(count=format_integer(language, count))


def format_integer(language: str, count: int) -> str:
    """Format an integer with the language's thousands separator.

    >>> format_integer("en", 12345), format_integer("de", 12345)
    ('12,345', '12.345')
    """
    return f"{count:,}".replace(",", _BETWEEN_THOUSANDS.get(language, ","))


def page_message(message: str) -> str:
    """Mark a sentence for the page's catalog that the build writes to the site's files in English.

    The files are the same for all readers. The page recognizes such sentences by their pattern and translates them to
    the reader's language.
    """
    return message
