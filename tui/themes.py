"""The app's themes: two of its own, and two that leave the colours to the terminal (16 colours, NO_COLOR)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="modulescope-dark",
    dark=True,
    primary="#5aa9f2",
    secondary="#8fa8c2",
    accent="#5fd0bd",
    warning="#f2b25a",
    error="#f2727f",
    success="#86cf7f",
    foreground="#dfe6ee",
    background="#10151c",
    surface="#161d26",
    panel="#1f2833",
    boost="#ffffff0a",
    variables={
        "text-muted": "auto 66%",
        "block-cursor-background": "#234a75",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1d3047",
        "block-cursor-blurred-foreground": "#dfe6ee",
        "block-hover-background": "#1b2531",
        "border": "#5aa9f2",
        "border-blurred": "#2c3947",
        "input-selection-background": "#2f6299",
        "screen-selection-background": "#2f6299",
        "screen-selection-foreground": "#ffffff",
        "scrollbar": "#324152",
        "scrollbar-hover": "#46617d",
        "scrollbar-active": "#5aa9f2",
        "scrollbar-background": "#131a22",
        "scrollbar-background-hover": "#131a22",
        "scrollbar-background-active": "#131a22",
        "scrollbar-corner-color": "#131a22",
        "footer-key-foreground": "#5fd0bd",
        "footer-description-foreground": "#aebccb",
        "footer-background": "#161d26",
    },
)

LIGHT = Theme(
    name="modulescope-light",
    dark=False,
    primary="#0b5cad",
    secondary="#4a6178",
    accent="#00695c",
    warning="#8a5200",
    error="#b3202f",
    success="#2a6b25",
    foreground="#1b242d",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#e4eaf0",
    boost="#00000008",
    variables={
        "text-muted": "auto 70%",
        "block-cursor-background": "#bcdcfb",
        "block-cursor-foreground": "#0c141c",
        "block-cursor-blurred-background": "#dde8f3",
        "block-cursor-blurred-foreground": "#1b242d",
        "block-hover-background": "#e9eff5",
        "border": "#0b5cad",
        "border-blurred": "#c3ced9",
        "input-selection-background": "#a9d0f7",
        "input-selection-foreground": "#0c141c",
        "screen-selection-background": "#a9d0f7",
        "screen-selection-foreground": "#0c141c",
        "scrollbar": "#b8c4d0",
        "scrollbar-hover": "#8fa3b7",
        "scrollbar-active": "#0b5cad",
        "scrollbar-background": "#eef2f5",
        "scrollbar-background-hover": "#eef2f5",
        "scrollbar-background-active": "#eef2f5",
        "scrollbar-corner-color": "#eef2f5",
        "footer-key-foreground": "#00695c",
        "footer-description-foreground": "#3d4d5c",
        "footer-background": "#f1f4f7",
    },
)


THEMES: tuple[Theme, ...] = (
    DARK,
    LIGHT,
    replace(BUILTIN_THEMES["ansi-dark"], name="terminal-dark"),
    replace(BUILTIN_THEMES["ansi-light"], name="terminal-light"),
)
"""In the order in which the theme key goes through them; for `App.register_theme`."""


def next_theme(name: str) -> str:
    """Return the name of the theme after `name`."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def theme_for(environment: Mapping[str, str], chosen: str | None = None) -> str:
    """Return the name of the theme to start with: the one chosen, else what suits the terminal as far as it shows.

    `COLORFGBG` is the only hint at a light background.  Without colours (`NO_COLOR`) or with 16, the terminal's own.
    """
    if chosen in {theme.name for theme in THEMES} | set(BUILTIN_THEMES):
        return chosen or DARK.name
    shade = "light" if _is_light(environment.get("COLORFGBG", "")) else "dark"
    own = environment.get("NO_COLOR") or not _has_many_colours(environment)
    return f"terminal-{shade}" if own else f"modulescope-{shade}"


def _is_light(colours: str) -> bool:
    """`15;0` is white on black; rxvt writes `15;default;0`."""
    background = colours.rpartition(";")[2]
    return background == "7" or (background.isdecimal() and 9 <= int(background) <= 15)


def _has_many_colours(environment: Mapping[str, str]) -> bool:
    """256 or more, as Rich decides it."""
    if sys.platform == "win32" or environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return True
    return environment.get("TERM", "").strip().lower().endswith(("256color", "-kitty", "-direct"))
