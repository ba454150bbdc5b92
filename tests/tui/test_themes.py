from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from tui.themes import DARK, LIGHT, THEMES, next_theme, theme_for

PLAIN = ["background", "surface", "panel"]
TEXTS = ["text-primary", "text-secondary", "text-accent", "text-warning", "text-error", "text-success"]


def ratio(front: Color, back: Color) -> float:
    """Contrast as WCAG 2.1 defines it."""

    def luminance(color: Color) -> float:
        parts = [value / 255 for value in color.rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def resolve(colors: dict[str, str], name: str, back: Color) -> Color:
    value = colors[name]
    if value.startswith("auto"):
        return back + back.get_contrast_text(float(value.split()[1].rstrip("%")) / 100)
    return back + Color.parse(value)


def test_the_measure_is_that_of_wcag() -> None:
    assert ratio(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert ratio(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_text_is_readable_on_every_ground(theme: Theme) -> None:
    colors = theme.to_color_system().generate()
    base = Color.parse(colors["background"])
    grounds = {name: base + Color.parse(colors[name]) for name in PLAIN}
    fronts = ["foreground", "text", "text-muted", *TEXTS]
    cursors = ["block-cursor-background", "block-cursor-blurred-background", "block-hover-background"]
    pairs = [(front, name, grounds[name]) for front in fronts for name in PLAIN]
    pairs += [(front, name, base + Color.parse(colors[name])) for front in fronts for name in cursors]
    pairs += [
        (f"{part}-foreground", part, base + Color.parse(colors[f"{part}-background"]))
        for part in ("block-cursor", "block-cursor-blurred")
    ]
    weak = {(front, name): round(ratio(resolve(colors, front, back), back), 2) for front, name, back in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_cursor_row_differs_from_the_others(theme: Theme) -> None:
    colors = theme.to_color_system().generate()
    focused, blurred = (Color.parse(colors[f"block-cursor{kind}-background"]) for kind in ("", "-blurred"))
    assert ratio(focused, Color.parse(colors["background"])) > 1.3
    assert ratio(blurred, Color.parse(colors["background"])) > 1.1


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"TERM": "xterm-256color"}, "modulescope-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "15;0"}, "modulescope-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "modulescope-light"),
        ({"TERM": "rxvt", "COLORTERM": "truecolor", "COLORFGBG": "0;default;15"}, "modulescope-light"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;8"}, "modulescope-dark"),
        ({"TERM": "xterm"}, "terminal-dark"),
        ({"TERM": "linux", "COLORFGBG": "0;7"}, "terminal-light"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "terminal-dark"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "modulescope-dark"),
    ],
)
def test_the_first_theme_suits_the_terminal(environment: dict[str, str], name: str) -> None:
    assert theme_for(environment) == name


def test_what_was_chosen_counts_if_there_is_such_a_theme() -> None:
    assert theme_for({"TERM": "linux"}, "nord") == "nord"
    assert theme_for({"TERM": "xterm-kitty"}, "of another version") == "modulescope-dark"


def test_the_theme_key_goes_through_all_of_them() -> None:
    name, seen = THEMES[0].name, []
    for _ in THEMES:
        seen.append(name)
        name = next_theme(name)
    assert seen == [theme.name for theme in THEMES]
    assert name == THEMES[0].name
    assert next_theme("nord") == THEMES[0].name
