"""Search results, with the letters that matched marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment

from models.messages import SearchHit
from tui.text import clean, fit
from tui.widgets.lists.lines import Lines
from tui.widgets.lists.marking import mark_letters

DETAIL = 24
"""Cells of kind and detail."""


class SearchList(Lines):
    """The hits, best first; the list is as short as what the engine sent."""

    hits: Sequence[SearchHit] = ()

    def show(self, hits: Sequence[SearchHit]) -> None:
        """Show other hits, the cursor on the best one."""
        self.hits = hits
        self.count = len(hits)
        self.cursor = 0
        self.scroll_to_row(0)
        self.refresh()

    @property
    def hit(self) -> SearchHit | None:
        """Return the hit under the cursor; None where there is none."""
        return self.hits[self.cursor] if self.hits else None

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        hit = self.hits[index]
        room = width - DETAIL - 1 if width > 2 * DETAIL else width
        path, positions = cleaned(hit.path, hit.positions) if hit.path else ("(root)", [])
        path, positions = cut_middle(path, positions, room)
        parts = mark_letters(path, positions, None, self.look("lines--match"))
        if room == width:
            return parts
        space = Segment(" " * (room - cell_len(path) + 1))
        return [*parts, space, Segment(fit(clean(f"{hit.kind} {hit.detail}"), DETAIL), self.look("lines--dim"))]


def cleaned(path: str, positions: Sequence[int]) -> tuple[str, list[int]]:
    """Return `path` made safe, and where the characters at `positions` are then."""
    text = clean(path)
    if len(text) == len(path):
        return text, [index for index in positions if index < len(text)]
    parts = [clean(character) for character in path]
    wanted = set(positions)
    moved: list[int] = []
    at = 0
    for index, part in enumerate(parts):
        if index in wanted:
            moved.extend(range(at, at + len(part)))
        at += len(part)
    return "".join(parts), moved


def cut_middle(text: str, positions: Sequence[int], width: int) -> tuple[str, list[int]]:
    """Return `text` in at most `width` cells, and where the characters at `positions` are then.

    The end of a long one is kept whole: there stand the names that matter most.
    """
    if cell_len(text) <= width:
        return text, list(positions)
    head_cells = max(width // 3, 0)
    head = 0
    while cell_len(text[: head + 1]) <= head_cells:
        head += 1
    tail = len(text)
    room = width - 1 - cell_len(text[:head])
    while tail > head and cell_len(text[tail - 1 :]) <= room:
        tail -= 1
    shift = tail - head - 1
    kept = [index if index < head else index - shift for index in positions if index < head or index >= tail]
    return f"{text[:head]}…{text[tail:]}", kept
