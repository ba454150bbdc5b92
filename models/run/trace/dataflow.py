"""Who reads what whom: the rows of a trace as a graph, from each call to those it read from and those that read it.

A row that holds others, a module's, stands for all within it.  Knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .calls import Call

STEPS = 2
"""Steps from a call that its neighbourhood reaches."""
ROOM = 24
"""Calls of a neighbourhood, at most; the nearest stay."""


class Neighbourhood(NamedTuple):
    """The calls around one."""

    calls: list[int]
    """Indices of the rows, ascending, the call's own among them."""
    edges: list[tuple[int, int]]
    """From a row to one that reads its result; a loop leads back to an earlier row."""
    cut: int
    """Calls that are as near, for which there was no room."""


class Dataflow:
    """The dataflow of a run between its rows.

    Args:
        rows: all rows of the trace.
    """

    def __init__(self, rows: Sequence[Call]) -> None:
        self._rows = rows
        self._ends = _ends(rows)
        self._producers = [[index for index in row.producer_rows() if index < len(rows)] for row in rows]
        self._readers: list[list[int]] = [[] for _ in rows]
        for reader, producers in enumerate(self._producers):
            for producer in producers:
                self._readers[producer].append(reader)

    def is_whole(self, index: int) -> bool:
        """Return whether a row holds no others."""
        return self._ends[index] == index + 1

    def producers(self, index: int) -> list[int]:
        """Return the rows whose results a row, or one within it, read, ascending; those within it left out.

        A call that repeats may read its own result of the turn before.
        """
        end = self._ends[index]
        found = {producer for row in range(index, end) for producer in self._producers[row]}
        own = {index} if self.is_whole(index) else set()
        return sorted(each for each in found if each in own or not index <= each < end)

    def readers(self, index: int) -> list[int]:
        """Return the rows that read the result of a row, ascending; of a module and what is within it the latter."""
        end = self._ends[index]
        found = {reader for row in range(index, end) for reader in self._readers[row]}
        own = {index} if self.is_whole(index) else set()
        outside = sorted(each for each in found if each in own or not index <= each < end)
        return [each for each in outside if not any(each < inner < self._ends[each] for inner in outside)]

    def around(self, index: int) -> Neighbourhood:
        """Return the calls up to `STEPS` before and after a row, and how they are connected."""
        near: dict[int, None] = {index: None}
        cut = 0
        for step in (self.producers, self.readers):
            front = [index]
            for _ in range(STEPS):
                front = list(dict.fromkeys(each for row in front for each in step(row) if each not in near))
                if step == self.producers:
                    front.reverse()  # the latest are the nearest
                room = max(ROOM - len(near), 0)
                cut += len(front[room:])
                front = front[:room]
                near |= dict.fromkeys(front)
        calls = sorted(near)
        edges = [(producer, row) for row in calls for producer in self.producers(row) if producer in near]
        if not self.is_whole(index):  # what reads from within the module reads from it
            edges += [(index, reader) for reader in self.readers(index) if reader in near]
        return Neighbourhood(calls, list(dict.fromkeys(edges)), cut)


def _ends(rows: Sequence[Call]) -> list[int]:
    """Return of each row the index after the last one within it."""
    ends = [len(rows)] * len(rows)
    waiting: list[int] = []
    for index, row in enumerate(rows):
        while waiting and rows[waiting[-1]].depth >= row.depth:
            ends[waiting.pop()] = index
        waiting.append(index)
    return ends


def lanes(calls: Sequence[int], edges: Iterable[tuple[int, int]], chosen: int) -> list[str]:
    """Return for each call, in order, what is drawn before it: a sign, and a lane for each result still to be read.

    The sign is `◆` for the chosen call, `●` for one that reads a result drawn before, `○` for one that reads none.  A
    lane that goes past calls is a result that skips them, as of a residual path.  Edges that lead back are not drawn.
    """
    last: dict[int, int] = {}
    reads: dict[int, set[int]] = {}
    for producer, reader in edges:
        if producer < reader:
            last[producer] = max(last.get(producer, reader), reader)
            reads.setdefault(reader, set()).add(producer)
    columns: list[int | None] = []
    """Which call's result each lane carries."""
    drawn = []
    for call in calls:
        read = {column for column, each in enumerate(columns) if each in reads.get(call, ())}
        over = {column for column in read if last[columns[column]] == call}  # type: ignore[index]
        own = min(over, default=-1)
        if own < 0:
            own = next((column for column, each in enumerate(columns) if each is None), len(columns))
            if own < max(read, default=-1) or (read and own == len(columns)):
                own = len(columns)
            if own == len(columns):
                columns.append(None)
        sign = "◆" if call == chosen else "●" if read else "○"
        drawn.append(_line(columns, own, sign, read, over))
        for column in over:
            columns[column] = None
        columns[own] = call if call in last else None
        while columns and columns[-1] is None:
            columns.pop()
    return drawn


def _line(columns: Sequence[int | None], own: int, mark: str, read: set[int], over: set[int]) -> str:
    """Return one line of lanes: those that are read lead to `mark` in the lane `own`, the others go on."""
    low, high = min({own, *read}), max({own, *read})
    parts = []
    for column, carried in enumerate(columns):
        within = low < column < high
        if column == own:
            sign = mark
        elif column in read:
            ends = column in over
            if within:
                sign = "┴" if ends else "┼"
            elif column < own:
                sign = "└" if ends else "├"
            else:
                sign = "┘" if ends else "┤"
        elif carried is not None:
            sign = "┼" if within else "│"
        else:
            sign = "─" if within else " "
        parts.append(sign + ("─" if low <= column < high else " "))
    return "".join(parts).rstrip()
