"""Values of today, values that an initialiser gives, and theory: figures and histograms, one above the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from models.messages import InitialPreview, Spread
from tui.cell_format import short
from tui.text import clean, fit
from tui.widgets.grid.statistics_bar import BLOCKS, flow

NAME, RANGE, FIGURE = 7, 19, 11
"""Cells of a line's name, of its range, and of mean and standard deviation each."""
FEWEST = 8
"""Cells from which on a histogram is drawn."""


class DistributionChart(Widget):
    """What a preview says of one parameter; `show` gives it."""

    DEFAULT_CSS = """
    DistributionChart { height: auto; background: $surface; color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.preview: InitialPreview | None = None

    def show(self, preview: InitialPreview | None) -> None:
        """Show a preview, or nothing for None."""
        self.preview = preview
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        preview = self.preview
        if preview is None or not preview.filled:
            return []
        room = width - NAME - RANGE - 2 * FIGURE - 2
        head = f"{'':{NAME}}{'range':>{RANGE}}{'mean':>{FIGURE}}{'std':>{FIGURE}}"
        edges = preview.edges
        axis = ""
        if room >= FEWEST and len(edges) > 1:
            low, high = short(edges[0], 3), short(edges[-1], 3)
            axis = f"  {low}{high:>{max(room - cell_len(low), 1)}}"
        lines = [Content.assemble((head + axis, "$text-muted"))]
        top = max([*preview.fresh_shares, *preview.theory_shares], default=0.0)
        rows: list[tuple[str, Spread, Sequence[float], float, str]] = [
            ("today", preview.today, preview.today_shares, max(preview.today_shares, default=0.0), "$text-secondary"),
            ("new", preview.fresh, preview.fresh_shares, top, "$text-primary"),
        ]
        if preview.theory_shares:
            rows.append(("theory", preview.theory, preview.theory_shares, top, "$text-accent"))
        for name, spread, shares, highest, style in rows:
            figures = f"{_range(spread):>{RANGE}}{short(spread.mean, 3):>{FIGURE}}{short(spread.std, 3):>{FIGURE}}"
            bars = bars_of_shares(shares, room, highest)
            lines.append(Content.assemble((f"{name:{NAME}}", style), figures, "  ", (bars, style)))
        return [*_laws(preview, width), *lines]


def _laws(preview: InitialPreview, width: int) -> list[Content]:
    """Return the lines on which parameter is shown, and the formulas."""
    which = f" ({preview.place + 1:,} of {preview.filled:,})" if preview.filled > 1 else ""
    title = Content.assemble((clean(preview.path, 200), "bold"), f" {clean(preview.shape, 80)}", (which, "$text-muted"))
    parts = [preview.law or "no formula is known for this rule", preview.spread, preview.fans]
    texts = [clean(part, 200) for part in parts if part]
    formulas = flow([(fit(text, min(cell_len(text), width)), "") for text in texts], width)
    return [title.truncate(max(width, 1), ellipsis=True), *(Content.assemble(*line) for line in formulas)]


def _range(spread: Spread) -> str:
    if spread.low is None or spread.high is None:
        return ""
    if spread.low == spread.high:
        return short(spread.low, 4)
    if math.isinf(spread.low) and math.isinf(spread.high):
        return "no bounds"
    if spread.low == -spread.high:
        return f"±{short(spread.high, 4)}"
    return f"{short(spread.low, 3)} … {short(spread.high, 3)}"


def bars_of_shares(shares: Sequence[float], width: int, highest: float) -> str:
    """Return shares as block characters in `width` cells: a bin takes several, or a cell is the mean of several bins.

    `highest` is the share that fills a cell.  What is not 0 is at least `▁`.
    """
    if width < FEWEST or not shares or highest <= 0:
        return ""
    firsts = [len(shares) * at // width for at in range(width + 1)]
    bins = (shares[first : max(last, first + 1)] for first, last in pairwise(firsts))
    return "".join(_block(sum(each) / len(each), highest) for each in bins)


def _block(share: float, highest: float) -> str:
    """Return the cell of a share, which may be anything that an engine sends."""
    if not share > 0:
        return " "
    part = share / highest
    return BLOCKS[max(math.ceil(part * len(BLOCKS)), 1) - 1] if part < 1 else BLOCKS[-1]
