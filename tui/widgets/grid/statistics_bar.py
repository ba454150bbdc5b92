"""What can be said of all values of a tensor in two lines: count, range, mean, spread, zeros, NaN, and a histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from textual import work
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from models.messages import Of, Place, Progress, Statistics, StatisticsOf
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.cell_format import short
from tui.text import clean, fit

BINS = 60
BLOCKS = "▁▂▃▄▅▆▇█"
GAP = 2
"""Spaces between two facts."""

Part = tuple[str, str]
"""Text and Textual style."""


class StatisticsBar(Widget):
    """Statistics of one tensor; `show` chooses it.  Takes no room when there are no values."""

    DEFAULT_CSS = """
    StatisticsBar { height: auto; padding: 0 1; background: $surface; color: $foreground; }
    """

    class Known(Message):
        """Posted when the statistics came, as `bar.statistics`."""

        def __init__(self, bar: StatisticsBar) -> None:
            super().__init__()
            self.bar = bar

        @property
        def control(self) -> StatisticsBar:
            return self.bar

    def __init__(self, ask: Ask, *, of: Of = "value", id: str | None = None) -> None:
        super().__init__(id=id)
        self._ask = ask
        self.of: Of = of
        self.path: Place | None = None
        self.statistics: StatisticsOf | None = None
        self._waiting = ""
        self._lines_before = 1
        """Lines of the figures that were laid out last: room for those on their way, or all below would jump."""

    note: reactive[str] = reactive("", layout=True)
    """Of what the numbers below are, where the statistics do not say so themselves."""

    def show(self, path: Place | None) -> None:
        """Show the tensor at `path`, or nothing for None; of the same path the old figures stay until new ones come."""
        self.hold()
        if path != self.path:
            self.path, self.statistics = path, None
            self._renew()
        if path is not None:
            self._fetch()

    def read_of(self, of: Of) -> None:
        """Turn to another tensor of the path; nothing is asked until `show`."""
        if of != self.of:
            self.hold()
            self.of, self.path = of, None

    def refine(self) -> bool:
        """Read a second time for exact quantiles; return False where they are exact, or not known at all yet."""
        if self.path is None or self.statistics is None or not self.statistics.quantiles_within:
            return False
        self.hold()
        self._fetch(exact=True)
        return True

    def refresh_values(self) -> None:
        """Ask again; the old figures stay until the new ones come."""
        self.show(self.path)

    def hold(self) -> None:
        """Drop the outstanding request: the user is moving on."""
        self.workers.cancel_node(self)
        self._waiting = ""

    @work(exclusive=True, exit_on_error=False)
    async def _fetch(self, exact: bool = False) -> None:
        path = self.path
        assert path is not None
        try:
            self.statistics = await self._ask(
                Statistics(path=path, of=self.of, bins=BINS, exact=exact), StatisticsOf, on_progress=self._wait
            )
        except EngineGone:
            return
        except EngineProblem as error:
            self.statistics = StatisticsOf(path=path, of=self.of, absence="unsupported", reason=error.problem.title)
        self._waiting = ""
        self._renew()
        self.post_message(self.Known(self))

    def _wait(self, progress: Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self._waiting = f"{clean(progress.text, 60)}{done}"
        self._renew()

    def _renew(self) -> None:
        self.display = self.statistics is None or not self.statistics.absence
        lines = len(self._lines(self.content_size.width))
        self.refresh(layout=lines != self.content_size.height)  # a layout takes longer than a key

    # -- drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        lines = len(self._lines(width))
        if self.statistics is not None:
            self._lines_before = lines
        return lines

    def render(self) -> Content:
        return Content("\n").join(Content.assemble(*line) for line in self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[list[Part]]:
        statistics = self.statistics
        if statistics is None or statistics.absence:
            return [[(self._waiting, "$text-muted")], *([[]] * (self._lines_before - 1))]
        parts = facts(statistics)
        if self._waiting:
            parts.append((self._waiting, "$text-muted"))
        lines = flow(parts, width)
        for more in () if _constant(statistics) else extras(statistics):
            longer = flow([*parts, more], width)
            if len(longer) == len(lines):  # not worth a line of its own
                lines, parts = longer, [*parts, more]
        bars = histogram(statistics, width)
        note = fit(clean(statistics.note or self.note, 2 * width), width).rstrip()
        return [*([[(note, "$text-warning")]] if note else []), *lines, *([bars] if bars else [])]


def facts(statistics: StatisticsOf) -> list[Part]:
    """Return what there is to show, in order of importance; what asks for attention is bold and reversed."""
    loud, plain = "bold reverse $text-error", "$foreground"
    count = statistics.count
    elements = f"{count:,} {'element' if count == 1 else 'elements'}"
    troubles: list[Part] = []
    if statistics.nan:
        troubles.append((f" NaN {statistics.nan:,} ", loud))
    if statistics.inf:
        troubles.append((f" infinite {statistics.inf:,} ", loud))
    if troubles:
        troubles.append(("x goes there", "$text-muted"))
    if not count:
        return [(elements, plain)]
    if statistics.minimum is None or statistics.maximum is None:
        return [(elements, plain), *troubles]
    if _constant(statistics):
        if statistics.minimum == 0 and statistics.of == "gradient":
            return [("All zero", "bold"), ("backward reached it", plain), (f"{elements}, each 0", plain)]
        return [(elements, plain), (f"constant: every element is {short(statistics.minimum, 6)}", "bold")]
    low, high = short(statistics.minimum), short(statistics.maximum)
    named = [
        ("min", f"{low}{_at(statistics.minimum_at)}"), ("max", f"{high}{_at(statistics.maximum_at)}"),
        ("mean", short(statistics.mean)), ("std", short(statistics.std)), ("zeros", f"{statistics.zeros:,}"),
    ]  # fmt: skip
    parts: list[Part] = [(elements, plain), *troubles]
    parts += [(f"{name} {text}", plain) for name, text in named if text]
    return parts if troubles else [*parts, ("NaN 0", "$text-muted")]


def extras(statistics: StatisticsOf) -> list[Part]:
    """Return what is shown where there is room: median, L2 norm, and where all but the outermost elements lie."""
    about = "≈" if statistics.quantiles_within else ""
    quantiles = {part: f"{about}{short(value)}" for part, value in statistics.quantiles}
    found = []
    if 0.5 in quantiles:
        found.append(f"median {quantiles[0.5]}")
    if norm := short(statistics.l2):
        found.append(f"L2 {norm}")
    if 0.01 in quantiles and 0.99 in quantiles:
        found.append(f"98% in {quantiles[0.01]} … {quantiles[0.99]}")
    if statistics.absmax_at:
        found.append("m goes to |max|")
    return [(text, "$text-muted") for text in found]


def _at(index: Sequence[int] | None) -> str:
    """Return where an extreme is, to be written behind it; empty where that is unknown, and for a scalar."""
    return f" at {list(index)}" if index else ""


def _constant(statistics: StatisticsOf) -> bool:
    """Whether every element is the same finite one."""
    return statistics.minimum == statistics.maximum and not (statistics.nan or statistics.inf)


def flow(parts: Sequence[Part], width: int) -> list[list[Part]]:
    """Return the facts one after the other in as many lines of `width` cells as it takes."""
    lines: list[list[Part]] = [[]]
    used = 0
    for text, style in parts:
        size = cell_len(text)
        if lines[-1] and used + GAP + size > width:
            lines.append([])
            used = 0
        if lines[-1]:
            lines[-1].append((" " * GAP, ""))
            used += GAP
        lines[-1].append((text, style))
        used += size
    return lines


def histogram(statistics: StatisticsOf, width: int) -> list[Part]:
    """Return the histogram between its bounds; nothing without a range."""
    edges, counts = statistics.edges, statistics.counts
    if len(edges) < 2 or len(edges) != len(counts) + 1 or statistics.minimum == statistics.maximum:
        return []
    low, high = short(edges[0], 3), short(edges[-1], 3)
    bars = bars_of(counts, width - cell_len(low) - cell_len(high) - 2)
    if not bars:
        return []
    return [(f"{low} ", "$text-muted"), (bars, "$text-primary"), (f" {high}", "$text-muted")]


def bars_of(counts: Sequence[int], width: int) -> str:
    """Return counts as block characters in at most `width` cells, neighbours added up until they fit.

    A count of 0 is a space, and any other at least `▁`.
    """
    if width < 4 or not counts:
        return ""
    together = math.ceil(len(counts) / width)
    summed = [sum(counts[start : start + together]) for start in range(0, len(counts), together)]
    highest = max(summed) or 1
    return "".join(BLOCKS[math.ceil(count / highest * len(BLOCKS)) - 1] if count else " " for count in summed)
