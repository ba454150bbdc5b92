"""Diverging colours for numbers: blue below zero, orange above, the stronger the larger.

The two hues are component classes, so that a theme or the terminal's own sixteen colours decide them; blue and orange
can be distinguished by the colour-blind.  Where colours cannot be mixed (16 colours, NO_COLOR) the strength is shown
by dim, plain and bold type instead.  The sign is never shown by colour alone.
"""

from __future__ import annotations

import math

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

LEVELS = 12
"""Shades on each side of zero."""

LOUD = LEVELS + 1
"""The level of what is not finite."""

CURSOR = LEVELS + 2
"""The level of the cell under the cursor, where it is too small for more than another colour."""

COMPONENTS = {"palette--positive", "palette--negative", "palette--zero", "palette--loud", "palette--faint"}

CSS = """
    &:dark > .palette--positive { color: #ffa35c; }
    &:dark > .palette--negative { color: #62b4ff; }
    &:light > .palette--positive { color: #a84300; }
    &:light > .palette--negative { color: #0a56b0; }
    &:ansi > .palette--positive { color: ansi_yellow; }
    &:ansi > .palette--negative { color: ansi_blue; }
    & > .palette--zero { color: $text-muted; text-style: dim; }
    & > .palette--faint { color: $text-muted; }
    & > .palette--loud { color: $text-error; text-style: bold reverse; }
    &:ansi > .palette--loud { color: ansi_red; text-style: bold reverse; }
"""
"""For the `DEFAULT_CSS` of a widget that draws numbers."""


class CellColours:
    """The styles of one widget's numbers; made anew when its styles change."""

    def __init__(self, widget: Widget) -> None:
        app = widget.app
        self.mixes = not app.no_color and not app.native_ansi_color and app.console.color_system in ("truecolor", "256")
        """Whether shades between two colours can be drawn."""
        self.zero = widget.get_component_rich_style("palette--zero")
        self.loud = widget.get_component_rich_style("palette--loud")
        self.faint = widget.get_component_rich_style("palette--faint")
        self._ground = widget.background_colors[1]
        positive = widget.get_component_styles("palette--positive").color
        negative = widget.get_component_styles("palette--negative").color
        text = self._ground.get_contrast_text(1.0)
        base = self._ground + text.multiply_alpha(0.75) if self.mixes else positive
        self._text = {
            sign: [self._style_of(base, hue, level / LEVELS) for level in range(LEVELS + 1)]
            for sign, hue in ((1, positive), (-1, negative))
        }
        loud = Color.from_rich_color(self.loud.color) if self.loud.color else self._ground
        self._colours = {LOUD: loud.rich_color, 0: self._ground.rich_color, CURSOR: text.rich_color}
        for level in range(1, LEVELS + 1):
            for sign, hue in ((1, positive), (-1, negative)):
                mixed = self._ground.blend(hue, level / LEVELS) if self.mixes else hue
                self._colours[sign * level] = mixed.rich_color
        self._pairs: dict[tuple[int, int], Style] = {}

    def _style_of(self, base: Color, hue: Color, strength: float) -> Style:
        if self.mixes:
            return Style(color=base.blend(hue, min(1.0, 0.15 + strength)).rich_color, bgcolor=self._ground.rich_color)
        return Style(color=hue.rich_color, dim=strength < 0.2, bold=strength > 0.6)

    def text(self, value: float, scale: float) -> Style:
        """Return the style in which a number is written, where `scale` is the largest magnitude."""
        if not math.isfinite(value):
            return self.loud
        if value == 0:
            return self.zero
        return self._text[1 if value > 0 else -1][strength(value, scale)]

    def level_text(self, level: int) -> Style:
        """Return the style of text that stands for a level, negative below zero."""
        if level == LOUD:
            return self.loud
        return self._text[1 if level > 0 else -1][abs(level)] if level else self.zero

    def pair(self, upper: int, lower: int) -> Style:
        """Return the style of a half block that draws one level over another; zero is the ground."""
        style = self._pairs.get((upper, lower))
        if style is None:
            style = Style(color=self._colours[upper], bgcolor=self._colours[lower])
            self._pairs[upper, lower] = style
        return style


def strength(value: float, scale: float) -> int:
    """Return the strength of a value, from 0 at zero to `LEVELS` at `scale` and beyond; only zero is 0."""
    if value == 0 or scale <= 0:
        return 0
    return max(1, min(LEVELS, round(abs(value) / scale * LEVELS)))
