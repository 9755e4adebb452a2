"""Color themes of the page for ``--theme``. To add one, add a row to :data:`THEMES`.

A theme does not set the colors of groups: these are twelve colors that people with any color vision can distinguish,
and that are visible on every background that a theme may have (:meth:`Theme.faults`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError, PluginError
from spotmap_build.registry import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

READABLE: Final = 4.5
"""Minimum contrast of text with its background (WCAG 2.2, level AA)."""
VISIBLE: Final = 2.0
"""Minimum contrast of points outside of groups with the map. They should not stand out."""
LIGHT_FROM: Final = 0.918
DARK_TO: Final = 0.032
"""Minimum relative luminance of a light map background, and maximum of a dark one. Within these limits, the viewer's
colors of groups have a contrast of at least 3 (WCAG 2.2, 1.4.11). A test computes the limits from the colors."""
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Colors:
    """One set of colors, each as ``#rrggbb``.

    ``background``: background of the map. ``noise``: points outside of groups. ``text``, ``muted``: primary and
    secondary text. ``accent``: links, focus and selection. ``panel``: background of panels.
    """

    background: str
    noise: str
    text: str
    muted: str
    accent: str
    panel: str


@dataclass(frozen=True, slots=True)
class Theme:
    """The colors of a page in light and dark mode, between which the reader chooses.

    ``name``: its name in ``--theme``. ``summary``: text after its name in ``--help``.
    """

    name: str
    summary: str
    light: Colors
    dark: Colors
    package: str = ""

    def faults(self) -> Iterator[str]:
        """Yield problems that make a page in these colors hard to read, as sentences."""
        for mode, colors in (("light", self.light), ("dark", self.dark)):
            wrong = [field.name for field in fields(Colors) if not _COLOR.fullmatch(getattr(colors, field.name))]
            if wrong:
                yield translatable(f"{mode}: {', '.join(wrong)} must be written as #rrggbb, in lower case.")
                continue
            light = luminance(colors.background)
            if mode == "light" and light < LIGHT_FROM:
                yield translatable(
                    f"light: background {colors.background} is too dark for the colors of groups to be visible."
                )
            if mode == "dark" and light > DARK_TO:
                yield translatable(
                    f"dark: background {colors.background} is too light for the colors of groups to be visible."
                )
            for name, behind, least in _PAIRS:
                front, back = getattr(colors, name), getattr(colors, behind)
                if contrast(front, back) < least:
                    yield (
                        translatable(
                            f"{mode}: {name} {front} on {behind} {back} has a contrast of {contrast(front, back):.2f}; "
                            f"it must be at least {least}."
                        )
                    )

    def css(self) -> str:
        """Return the CSS to append to the page's own style sheet."""
        light, dark = _properties(self.light), _properties(self.dark)
        return (
            f"\n/* The theme '{self.name}'. */\n"
            f":root {{ {light} }}\n"
            f':root[data-theme="dark"] {{ {dark} }}\n'
            f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme]) {{ {dark} }} }}\n"
        )


_PAIRS: Final = (
    *((text, behind, READABLE) for text in ("text", "muted", "accent") for behind in ("background", "panel")),
    ("noise", "background", VISIBLE),
)
_PROPERTIES: Final = {
    "background": ("--map-background",),
    "noise": ("--map-noise",),
    "text": ("--text",),
    "muted": ("--text-muted",),
    "accent": ("--accent",),
    "panel": ("--panel", "--panel-solid"),
}


def _properties(colors: Colors) -> str:
    return " ".join(f"{each}: {getattr(colors, name)};" for name, many in _PROPERTIES.items() for each in many)


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``, from 0 (black) to 1 (white), as WCAG 2.2 defines it."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


THEMES: tuple[Theme, ...] = (
    Theme(
        name="high-contrast",
        summary="is black on white, and white on black",
        light=Colors("#ffffff", "#70757e", "#000000", "#33373f", "#003d99", "#ffffff"),
        dark=Colors("#000000", "#8b93a1", "#ffffff", "#d5d9e0", "#a6ccff", "#000000"),
    ),
)


def names() -> tuple[str, ...]:
    """Return the values of ``--theme``: our own themes, and those of installed packages."""
    return (*(theme.name for theme in THEMES), *plugins.entry_points_by_name("themes"))


def find(name: str) -> Theme:
    """Return the theme with this name, after checking that it is readable.

    Raises
    ------
    ConfigError
        There is none.
    PluginError
        A package adds it, but it cannot be used.
    """
    for theme in THEMES:
        if theme.name == name:
            return theme
    try:
        theme = plugins.load_row("themes", name, Theme)
    except KeyError:
        raise ConfigError(f"There is no theme '{name}'.", hint=f"Themes are: {', '.join(names())}.") from None
    with plugins.attribute_errors(theme.package, f"theme '{name}'"):
        faults = list(theme.faults())
    if faults:
        raise PluginError(
            f"The theme '{name}' of the package {theme.package} is hard to read. {' '.join(faults)}",
            hint=f"Choose another theme, or report it to the authors of {theme.package}.",
        )
    return theme
