"""The extension points: one table each for sources, embedders, features and themes.

An entry is data. It names the code that does the work as ``module:attribute``, like the entry points of packages. The
code is imported on use, so that ``--help`` and a build with nothing to do load none of it. Options, their help, error
messages, titles and tables of the report are derived from the entries.
"""

from __future__ import annotations

import pkgutil
from typing import Any


def load(reference: str) -> Any:
    """Import the object that an entry names.

    Parameters
    ----------
    reference : str
        ``module:attribute``, or ``module:attribute.attribute``.

    Raises
    ------
    ImportError, AttributeError
        There is no such module or attribute.

    Examples
    --------
    >>> load("math:floor")(2.5)
    2
    """
    return pkgutil.resolve_name(reference)
