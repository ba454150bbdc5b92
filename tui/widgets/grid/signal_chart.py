"""The signal by depth, a line a layer: how far activations and gradients spread in several schemes, in one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from models.messages import Signals
from tui.cell_format import short
from tui.text import clean, fit, fit_middle
from tui.widgets.grid.statistics_bar import flow

STYLES = ("$text-secondary", "$text-primary", "$text-accent", "$text-warning", "$text-success", "$text-error")
"""Of the schemes, over and over."""
NAME, LONG_NAME = 22, 36
"""Cells of a layer's path and class, the fewest and the most."""
FIGURE = 8
"""Cells of the figure of the newest scheme."""
SMALLEST = 1e-12
"""What is smaller is drawn at the left end."""


class SignalChart(Widget):
    """The signal of several schemes; `show` gives it."""

    DEFAULT_CSS = """
    SignalChart { height: auto; background: $surface; color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.signals: Signals | None = None

    def show(self, signals: Signals | None) -> None:
        """Show signals, or nothing for None."""
        self.signals = signals
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        signals = self.signals
        if signals is None or not signals.signals:
            return []
        names = min(max(width // 4, NAME), LONG_NAME)
        room = max((width - names - 2 * FIGURE - 4) // 2, 6)
        columns = [[each.activations for each in signals.signals], [each.gradients for each in signals.signals]]
        scales = [_Scale(column, room) for column in columns]
        titles = ("std of activations", "size (rms) of gradients")
        head = "".join(f"  {fit(title, room + FIGURE)}" for title in titles)
        axes = "".join(f"  {scale.axis()}{'':{FIGURE}}" for scale in scales)
        lines = [
            *self._legend(width),
            Content.assemble((f"{'':{names}}{head}", "$text-muted")),
            Content.assemble((f"{'':{names}}{axes}", "$text-muted")),
        ]
        for at, layer in enumerate(signals.layers):
            path, kind = clean(layer.path, 100), clean(layer.kind, 40)
            space = max(names - cell_len(path) - 1, 0)
            name = f"{path} {fit(kind, space)}" if space > 2 else fit_middle(path, names)
            parts: list[Content | str] = [fit(name, names)]
            for column, scale in zip(columns, scales, strict=True):
                newest = column[-1][at] if at < len(column[-1]) else math.nan
                figure = "" if math.isnan(newest) else short(newest, 2)
                parts += ["  ", scale.line(at), f"{figure:>{FIGURE}}"]
            lines.append(Content.assemble(*parts))
        return lines

    def _legend(self, width: int) -> list[Content]:
        assert self.signals is not None
        parts = []
        for at, signal in enumerate(self.signals.signals):
            text = f"{mark(at)} {clean(signal.label, 100)}"
            if signal.problem:
                text += f": {clean(signal.problem, 200)}"
            parts.append((fit(text, min(cell_len(text), width)), STYLES[at % len(STYLES)]))
        if len(parts) > 1:
            parts.append(("+ where several meet", "$text-muted"))
        return [Content.assemble(*line) for line in flow(parts, width)]


def mark(scheme: int) -> str:
    """Return the character of a scheme."""
    return str((scheme + 1) % 10)


class _Scale:
    """A logarithmic scale for the numbers of one column.

    Its first cell is that of zeros, its last that of what is not finite.
    """

    def __init__(self, column: Sequence[Sequence[float]], width: int) -> None:
        self._column = column
        self._width = width
        finite = [max(value, SMALLEST) for each in column for value in each if 0 < value < math.inf]
        low = math.floor(math.log10(min(finite))) if finite else -1
        high = math.ceil(math.log10(max(finite))) if finite else 0
        self._low, self._high = low, max(high, low + 1)

    def axis(self) -> str:
        """Return the powers of ten below which the marks stand."""
        low, high = _power(self._low), _power(self._high)
        return f" {low}{high:>{max(self._width - len(low) - 2, 1)}}"[: self._width].ljust(self._width)

    def line(self, layer: int) -> Content:
        """Return the marks of one layer; where several meet, `+`."""
        cells: list[tuple[str, str]] = [("·", "$text-disabled")] * self._width
        for scheme, values in enumerate(self._column):
            if layer >= len(values) or math.isnan(values[layer]):
                continue
            at, value = self._place(values[layer]), values[layer]
            style = STYLES[scheme % len(STYLES)]
            taken = cells[at][0] != "·"
            shown = "+" if taken else "!" if math.isinf(value) else mark(scheme)
            cells[at] = (shown, "$foreground" if taken else style)
        runs = groupby(cells, key=itemgetter(1))
        return Content.assemble(*(("".join(text for text, _ in run), style) for style, run in runs))

    def _place(self, value: float) -> int:
        if math.isinf(value):
            return self._width - 1
        if value <= 0:
            return 0
        part = (math.log10(max(value, SMALLEST)) - self._low) / (self._high - self._low)
        return 1 + min(max(round(part * (self._width - 3)), 0), self._width - 3)


def _power(exponent: int) -> str:
    return f"{10.0**exponent:g}" if -4 < exponent < 5 else f"1e{exponent}"
