"""What a grid knows of the tensor it shows: shape, numbers, the reduced picture, or why there are none.

It asks the engine and remembers; when to ask is the widget's business.  Must not import textual.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from models.messages import Absence, Cells, HeatCells, HeatMap, NextNonfinite, Nonfinite, Of, Place, Progress, Window
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.cell_format import CellFormat
from tui.text import clean
from tui.widgets.grid import tiles
from tui.widgets.grid.tiles import TileKey, Tiles

SENTENCES: dict[Absence, str] = {
    "none": "No gradient yet.  b runs backward after f.",
    "meta": "A meta tensor: it has a shape, and no values.",
    "uninitialised": "Not initialised yet: a lazy tensor gets its shape from the first input.",
    "gone": "This tensor is no longer there.",
    "unsupported": "These values cannot be shown.",
    "unkept": "Not kept: there was no room for it.",
    "unread": "Not read: code runs, and torch cannot be asked for a gradient meanwhile.",
}


class TensorData:
    """What is known of one tensor, and the requests for more of it."""

    def __init__(self, ask: Ask, of: Of) -> None:
        self._ask = ask
        self.of: Of = of
        self.open(None)

    def open(self, path: Place | None, without: str = "") -> None:
        """Forget everything and turn to the tensor at `path`, or to none; `without` is shown if it has no gradient."""
        self.path = path
        self.without = without
        self.shape: list[int] | None = None
        """Of the tensor; None until the engine sent it."""
        self.dtype = ""
        self.absence: Absence = ""
        self.note = ""
        """Of what the numbers are, where they are not the whole tensor's as it is now."""
        self.sentence = ""
        """Shown in place of numbers."""
        self.leading: tuple[int, ...] = ()
        """Indices of all dimensions but the last two."""
        self.format = CellFormat()
        self.tiles = Tiles()
        self.picture: HeatCells | None = None
        self._picture_key: object = None

    def show_sentence(self, sentence: str) -> None:
        """Forget everything, and have a sentence in place of a tensor."""
        self.open(None)
        self.sentence = clean(sentence)

    def read_of(self, of: Of) -> None:
        """Turn to another tensor of the same path, at the same indices as far as it has them."""
        self.of = of
        self.format = CellFormat()
        self.absence, self.sentence = "", ""
        self.tiles = Tiles()
        self.picture = self._picture_key = None

    def spoil(self) -> None:
        """Ask again for all elements when they are seen next, and keep the old ones to look at until then."""
        self.tiles.spoil()
        self._picture_key = None

    def turn(self, leading: tuple[int, ...]) -> None:
        """Turn to another matrix of the same tensor."""
        self.leading = leading
        self.tiles = Tiles()

    def bound(self, biggest: float) -> None:
        """Take in the largest finite magnitude of the whole tensor: digits and colours follow it from now on."""
        self.format = CellFormat(self.format.number, biggest)

    @property
    def height(self) -> int:
        """Return the rows of the matrix of the last two dimensions; one for fewer than two."""
        return 0 if self.shape is None else self.shape[-2] if len(self.shape) > 1 else 1

    @property
    def width(self) -> int:
        """Return the columns of that matrix."""
        return 0 if self.shape is None else self.shape[-1] if self.shape else 1

    def largest_of(self, rows: range, columns: range) -> tuple[int, int] | None:
        """Return where the element of largest magnitude, or the first NaN, of a rectangle is; None while unknown."""
        found, largest = None, -1.0
        for row in rows:
            for column in columns:
                value = self.tiles.value(row, column)
                if value is None:
                    return None
                size = abs(complex(*value)) if value[1] else abs(value[0])
                if math.isnan(size):
                    return row, column
                if size > largest:
                    found, largest = (row, column), size
        return found

    async def fetch(self, key: TileKey) -> bool:
        """Ask for one tile; return whether the tensor turned out to be another than was known."""
        path, leading, of = self.path, self.leading, self.of
        if path is None:
            return False
        request = Window(
            path=path, of=self.of, leading=list(leading),
            row=key[0] * tiles.ROWS, rows=tiles.ROWS, column=key[1] * tiles.COLUMNS, columns=tiles.COLUMNS,
        )  # fmt: skip
        try:
            cells = await self._ask(request, Cells)
        except EngineGone:
            return False
        except EngineProblem as error:
            cells = Cells(path=path, of=self.of, absence="unsupported", reason=error.problem.title)
        if (path, leading, of) != (self.path, self.leading, self.of):
            return False
        news = self._learn(cells, cells.dtype)
        if not self.sentence:
            if cells.number != self.format.number:
                self.format = CellFormat(cells.number, self.format.biggest)
            self.format = self.format.widened([*cells.values, *cells.imaginary])
            self.tiles.put(key, cells)
        return news

    async def fetch_picture(self, rows: int, columns: int, on_progress: Callable[[Progress], None]) -> bool:
        """Ask for the whole matrix reduced to at most `rows` x `columns`, if that is not what is known already.

        Returns:
            Whether the tensor turned out to be another than was known.
        """
        path, leading, of = self.path, self.leading, self.of
        key = (rows, columns, leading)
        if path is None or key == self._picture_key:
            return False
        request = HeatMap(path=path, of=self.of, leading=list(leading), height=rows, width=columns)
        try:
            cells = await self._ask(request, HeatCells, on_progress)
        except EngineGone:
            return False
        except EngineProblem as error:
            cells = HeatCells(path=path, of=self.of, absence="unsupported", reason=error.problem.title)
        if (path, leading, of) != (self.path, self.leading, self.of):
            return False
        news = self._learn(cells, self.dtype)
        self.picture = cells
        self._picture_key = (rows, columns, self.leading)
        return news

    async def next_nonfinite(
        self, index: list[int], direction: int, on_progress: Callable[[Progress], None]
    ) -> Nonfinite:
        """Return where the next NaN or infinity behind (1) or before (-1) `index` stands, in the whole tensor.

        Raises:
            EngineProblem, EngineGone: as every request.
        """
        assert self.path is not None
        request = NextNonfinite(path=self.path, of=self.of, index=index, step=direction)
        return await self._ask(request, Nonfinite, on_progress)

    def _learn(self, cells: Cells | HeatCells, dtype: str) -> bool:
        """Take shape and state from an answer; whether they are news."""
        news = self.shape != cells.shape or self.dtype != dtype or self.absence != cells.absence
        if news:
            self.turn(tuple(cells.leading))
        self.shape, self.dtype, self.absence = cells.shape, dtype, cells.absence
        self.sentence = self._sentence(cells)
        self.note = cells.note
        return news

    def _sentence(self, cells: Cells | HeatCells) -> str:
        if cells.absence == "none":
            reason = clean(cells.reason)
            early = not reason or " yet" in reason  # before any backward: what to do about it
            return self.without or (SENTENCES["none"] if early else f"{reason[0].upper()}{reason[1:]}.")
        if cells.absence == "unkept":
            return f"Not kept: {clean(cells.reason)}.  V runs again, from the same state, and keeps it."
        if cells.absence:
            return clean(cells.reason) or SENTENCES[cells.absence]
        return f"Empty: shape {cells.shape} holds no values." if 0 in cells.shape else ""
