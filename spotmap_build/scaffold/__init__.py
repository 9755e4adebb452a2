"""The `init` command: creates the files of a new map's folder from ``templates/``. Existing files are never changed.

``choices`` asks the questions, ``files`` renders and writes the files, ``action`` finds the GitHub action to run.
"""

from __future__ import annotations

from spotmap_build.scaffold.choices import Choices, choose
from spotmap_build.scaffold.files import describe_result, make_files, write_files

__all__ = ["Choices", "choose", "describe_result", "make_files", "write_files"]
