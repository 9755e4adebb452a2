"""``python -m spotmap_build`` and the installed command ``spotmap-build``."""

from __future__ import annotations

from spotmap_build.cli import run


def main() -> None:
    """Run the command line."""
    run()


if __name__ == "__main__":
    main()
