"""What `init` writes: the files of a new map's folder, made of ``templates/`` by what a person chose.

``choices`` asks, ``files`` makes and writes, ``action`` finds what the workflow runs. What is there is never touched.
"""

from __future__ import annotations

from spotmap_build.scaffold.choices import Choices, choose
from spotmap_build.scaffold.files import make_files, what_was_made, write_files

__all__ = ["Choices", "choose", "make_files", "what_was_made", "write_files"]
