"""Colors of the page that ``--theme`` can name. To add some, add a row to :data:`THEMES`.

Colors of groups are not among them: they are twelve that people with any color vision tell apart, and show on every
background that a theme may have (:meth:`Theme.faults`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import sentence
from spotmap_build.errors import ConfigError, PluginError
from spotmap_build.registry import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

READABLE: Final = 4.5
"""The least contrast of text with what is behind it, by WCAG 2.2, level AA."""
VISIBLE: Final = 2.0
"""The least contrast of the points between groups, which are not to stand out, with the map."""
LIGHT_FROM: Final = 0.918
DARK_TO: Final = 0.032
"""How much light (relative luminance) a map's background has at least, or at most: so the colors of groups, which are
the viewer's, keep a contrast of 3 with it (WCAG 2.2, 1.4.11). A test computes these from the colors."""
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Colors:
    """One set of colors, each as ``#rrggbb``.

    ``background``: of the map. ``noise``: of points between groups. ``text``, ``muted``: what is written, and what is
    written less loudly. ``accent``: links, focus, what is selected. ``panel``: the background of panels.
    """

    background: str
    noise: str
    text: str
    muted: str
    accent: str
    panel: str


@dataclass(frozen=True, slots=True)
class Theme:
    """The colors of a page, by day and by night: which of the two is shown is the reader's choice.

    ``name``: what ``--theme`` calls it. ``summary``: what is said of it, after its name.
    """

    name: str
    summary: str
    light: Colors
    dark: Colors
    package: str = ""

    def faults(self) -> Iterator[str]:
        """Yield what keeps people from reading a page in these colors, as sentences."""
        for mode, colors in (("light", self.light), ("dark", self.dark)):
            wrong = [field.name for field in fields(Colors) if not _COLOR.fullmatch(getattr(colors, field.name))]
            if wrong:
                yield sentence(f"{mode}: {', '.join(wrong)} must be written as #rrggbb, with small letters.")
                continue
            light = luminance(colors.background)
            if mode == "light" and light < LIGHT_FROM:
                yield sentence(
                    f"light: background {colors.background} is too dark for the colors of groups to show on it."
                )
            if mode == "dark" and light > DARK_TO:
                yield sentence(
                    f"dark: background {colors.background} is too light for the colors of groups to show on it."
                )
            for name, behind, least in _PAIRS:
                front, back = getattr(colors, name), getattr(colors, behind)
                if contrast(front, back) < least:
                    yield (
                        sentence(
                            f"{mode}: {name} {front} on {behind} {back} has a contrast of {contrast(front, back):.2f}; "
                            f"it must be {least} at least."
                        )
                    )

    def css(self) -> str:
        """Return what goes after the page's own style sheet."""
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
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
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
    """Return what ``--theme`` can be: our own, and what installed packages add."""
    return (*(theme.name for theme in THEMES), *plugins.announced("themes"))


def find(name: str) -> Theme:
    """Return the theme of that name, in which everything can be read.

    Raises
    ------
    ConfigError
        There is none.
    PluginError
        A package adds it, and it cannot be used.
    """
    for theme in THEMES:
        if theme.name == name:
            return theme
    try:
        theme = plugins.load_row("themes", name, Theme)
    except KeyError:
        raise ConfigError(f"There is no theme '{name}'.", hint=f"There are: {', '.join(names())}.") from None
    with plugins.blaming(theme.package, f"theme '{name}'"):
        faults = list(theme.faults())
    if faults:
        raise PluginError(
            f"The theme '{name}' of the package {theme.package} cannot be read by everybody. {' '.join(faults)}",
            hint=f"Choose another theme, or tell those who make {theme.package}.",
        )
    return theme
