"""``python -m spotmap_build``."""

from __future__ import annotations

from spotmap_build.cli import run

if __name__ == "__main__":
    run()
