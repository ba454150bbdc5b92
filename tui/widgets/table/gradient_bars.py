"""Gradient norms of all parameters below a module, as bars: which layers learn, and which do not.

A gradient that is not there yet, one that is zero and a frozen parameter are distinguished in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive

from models.messages import GradientPage, GradientRow, GradientRows, LayerGradient
from tui.actions import bindings
from tui.asking import Ask
from tui.paths import name_below
from tui.text import clean, fit, fit_path
from tui.widgets.lists.paged_lines import PagedLines
from tui.widgets.lists.shares import bar_of

SPREAD = 4
"""Powers of ten between the smallest norm and the largest from which the scale is logarithmic by itself."""
DECADES = 6
"""How much smaller than the largest norm what has no bar on the logarithmic scale is at least, in powers of ten."""
WORDS = {"none": "none yet", "unreached": "none", "zero": "zero", "frozen": "frozen", "unread": "not read"}
NUMBER = 9
"""Cells of the norm."""


def _reason(row: GradientRow, width: int) -> str:
    """Return why a gradient is missing or zero, as a sentence if that fits, else in a word with the line."""
    text = clean(row.reason)
    return text if cell_len(text) <= width else clean(f"{row.cause} {row.where}".strip())


class GradientBars(PagedLines[GradientRow]):
    """The gradient norms of the parameters below the module that `show` names; Enter posts `Lines.PathChosen`."""

    PAGE = 500  # the scale needs the largest norm: for most networks one page holds it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("table"), *bindings("bars")]
    HAS_HEADER = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"bars--bar"}
    DEFAULT_CSS = """
    GradientBars > .bars--bar { color: $primary; }
    """

    class Passing(Message):
        """Posted when norms came that are of a moment while code runs."""

    class Layers(Message):
        """Posted with the gradients at the layers of the module at `path`, when its first norms came."""

        def __init__(self, path: str, layers: Sequence[LayerGradient]) -> None:
            super().__init__()
            self.path = path
            self.layers = layers

    logarithmic: reactive[bool] = reactive(False)
    """Whether a bar twice as long means far more than twice the norm."""

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self.path: str | None = None
        """The module whose parameters are shown."""
        self.largest = 0.0
        """The largest finite norm seen so far: a full bar."""
        self.note = ""
        """Of when, or of what part, the norms are, where that is not now and the whole."""
        self._fetched: dict[int, float] = {}
        self._decades: float = DECADES
        """Powers of ten that the logarithmic scale spans."""
        self._has_chosen = False
        """Whether the user has chosen the scale."""

    def show(self, path: str) -> None:
        """Show another module, or the same one with the gradients it has now."""
        if path == self.path:
            self._fetched.clear()
            self.pages.refresh()
            self.refresh()
            return
        self.path = path
        self.empty = ""
        self.largest = 0.0
        self._fetched.clear()
        self.pages.reset()
        self.count = 0
        self.scroll_to_row(0)

    def clear(self) -> None:
        """Show nothing."""
        self.path = None
        self.empty = ""
        self.pages.clear()
        self.count = 0

    async def fetch(self, start: int, count: int) -> tuple[int, Sequence[GradientRow]]:
        if self.path is None:
            return 0, []
        page = await self.ask(GradientRows(path=self.path, start=start, count=count), GradientPage)
        norms = [row.norm for row in page.rows if row.norm is not None and math.isfinite(row.norm)]
        self._fetched[start] = max(norms, default=0.0)
        if not start:
            positive = [norm for norm in norms if norm > 0]
            spread = math.log10(max(positive)) - math.log10(min(positive)) if positive else 0.0
            self._decades = max(DECADES, spread + 1)
            if not self._has_chosen:
                self.logarithmic = spread > SPREAD
        if not start:
            self.post_message(self.Layers(page.path, page.layers))
        if page.passing:
            self.post_message(self.Passing())
        if page.note != self.note:
            self.note, self.largest = page.note, -1.0  # the header is drawn anew with the bars
        return page.total, page.rows

    def rows_arrived(self, start: int, count: int) -> None:
        self.empty = "No parameters here."
        largest = max(self._fetched.values(), default=0.0)
        if largest == self.largest:
            super().rows_arrived(start, count)
        else:
            self.largest = largest
            self.refresh()  # every bar changes with the scale

    def render_header(self, width: int) -> Iterable[Segment]:
        name, bar = self._widths(width)
        scale = "logarithmic" if self.logarithmic else "linear"
        keys = (f"{scale}, L for the other scale", f"{scale} (L)", f"{scale[:3]} (L)")
        right = clean(self.note) or next((text for text in keys if len(text) <= bar), keys[-1])
        return [Segment(f"{fit('parameter', name)} {'norm':>{NUMBER}} {fit(right, bar)}")]

    def draw(self, index: int, row: GradientRow, width: int) -> Iterable[Segment]:
        name, bar = self._widths(width)
        path = Segment(fit_path(clean(name_below(row.path, self.path)), name) + " ")
        dim = self.look("lines--dim")
        if row.state in WORDS or row.norm is None:
            word = Segment(f"{WORDS.get(row.state, '?'):>{NUMBER}} ", dim)
            return [path, word, Segment(fit(_reason(row, bar), bar))]
        if not math.isfinite(row.norm):
            return [path, Segment(f"{row.norm!s:>{NUMBER}} not finite", self.look("lines--problem"))]
        return [
            path,
            Segment(f"{row.norm:>{NUMBER}.3g} "),
            Segment(bar_of(self._share(row.norm), bar), self.look("bars--bar")),
        ]

    def _widths(self, width: int) -> tuple[int, int]:
        """Cells of the path and of the bar."""
        name = max(min(width * 2 // 5, 40), 12)
        return name, max(width - name - NUMBER - 2, 4)

    def _share(self, norm: float) -> float:
        """How long the bar is, from 0 to 1."""
        if norm <= 0 or self.largest <= 0:
            return 0.0
        if not self.logarithmic:
            return norm / self.largest
        # apart: their quotient may be too small for a float
        return max(0.0, 1 + (math.log10(norm) - math.log10(self.largest)) / self._decades)

    def action_scale(self) -> None:
        """Change between linear and logarithmic bars."""
        self._has_chosen = True
        self.logarithmic = not self.logarithmic

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.PathChosen(self, row.path))
