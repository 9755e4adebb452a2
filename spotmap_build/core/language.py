"""What is said to people in their language: gettext catalogs, one for the page and one for the terminal.

English is in the code, and is the key of every translation. The catalogs lie in ``spotmap_build/locale``, one folder a
language, and ``python -m scripts.catalog`` keeps them. What the page says once its script runs is translated by the
page; this is for what a build says.
"""

from __future__ import annotations

import gettext as catalogs
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "de", "es", "ja")
"""English, in which everything is written, and those that there are catalogs of."""
AUTO: Final = "auto"
"""No choice of a language: the page takes the reader's, the terminal speaks English."""
LOCALE: Final = Path(__file__).parents[1] / "locale"
_BETWEEN_THOUSANDS: Final = {"de": ".", "es": "."}
"""Where it is not a comma."""


@cache
def catalog_of(domain: str, language: str) -> catalogs.NullTranslations:
    """Return a catalog, for all that has to be said in a language: ``page`` or ``terminal``."""
    if language in {AUTO, "en"}:
        return catalogs.NullTranslations()
    return catalogs.translation(domain, LOCALE, [language])


def texts_of(domain: str, language: str) -> dict[str, str]:
    """Return all messages of a catalog that counts nothing, each with its translation."""
    known: dict[str, str] = getattr(catalog_of(domain, language), "_catalog", {})
    return {message: text for message, text in known.items() if message}


def page_text(language: str, message: str) -> str:
    """Return a message of the page's catalog in a language: what the page says where no script of it runs."""
    return catalog_of("page", language).gettext(message)


def page_counted(language: str, one: str, many: str, count: int) -> str:
    """Return the form of a message of the page's catalog that goes with a count, with the count in it.

    >>> page_counted("en", "{count} track", "{count} tracks", 1200)
    '1,200 tracks'
    """
    return catalog_of("page", language).ngettext(one, many, count).format(count=whole_number(language, count))


def whole_number(language: str, count: int) -> str:
    """Return a whole number as people write it.

    >>> whole_number("en", 12345), whole_number("de", 12345)
    ('12,345', '12.345')
    """
    return f"{count:,}".replace(",", _BETWEEN_THOUSANDS.get(language, ","))


def page_message(message: str) -> str:
    """Mark a sentence of the page's catalog that the build writes into the site's files, in English.

    Everybody reads these files: the page knows such sentences by their pattern, and says them in the reader's language.
    """
    return message
