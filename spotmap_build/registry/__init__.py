"""What can be added to: one table each of sources, embedders, features and themes.

An entry is data, and names the code that does the work as ``module:attribute``, the way entry points of packages do.
The code is imported when it is needed, so that ``--help`` and a build with nothing to do load none of it. Whatever else
must know of an entry (options, their help, error messages, titles, tables of the report) is derived from it.
"""

from __future__ import annotations

import pkgutil
from typing import Any


def load(reference: str) -> Any:
    """Import what an entry names.

    Parameters
    ----------
    reference : str
        ``module:attribute``, or ``module:attribute.attribute``.

    Raises
    ------
    ImportError, AttributeError
        There is no such module, or nothing of that name in it.

    Examples
    --------
    >>> load("math:floor")(2.5)
    2
    """
    return pkgutil.resolve_name(reference)
