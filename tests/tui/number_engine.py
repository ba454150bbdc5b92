"""An engine of a few lines for the widgets that show numbers: tensors are functions of their index, of any size."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from models.messages import (
    Absence,
    Body,
    Cells,
    HeatCells,
    HeatMap,
    NextNonfinite,
    Nonfinite,
    Problem,
    Progress,
    Statistics,
    StatisticsOf,
    Window,
)
from models.messages.errors import EngineGone, EngineProblem


def wave(index: Sequence[int]) -> float:
    """Different at every index, of both signs, under 1."""
    return round(math.sin(sum((place + 1) * 0.7 * number for place, number in enumerate(index)) + 0.3), 7)


@dataclass
class Numbers:
    shape: list[int]
    value: Callable[[Sequence[int]], Any] = wave
    dtype: str = "float64"
    number: str = "float"
    absence: Absence = ""
    reason: str = ""

    @property
    def matrix(self) -> tuple[int, int]:
        return (self.shape[-2] if len(self.shape) > 1 else 1), (self.shape[-1] if self.shape else 1)

    def at(self, leading: Sequence[int], row: int, column: int) -> Any:
        return self.value([*leading, row, column][len(leading) + 2 - len(self.shape) :] if self.shape else [])

    def leading(self, asked: Sequence[int]) -> list[int]:
        sizes = self.shape[:-2]
        return [min(index, size - 1) for index, size in zip([*asked, *[0] * len(sizes)], sizes, strict=False)]


class NumberEngine:
    """Answers `Window`, `HeatMap`, `NextNonfinite` and `Statistics`; `request` is an `Ask`."""

    def __init__(self, **tensors: Numbers) -> None:
        self.tensors = tensors
        self.asked: list[Body] = []
        self.cancelled: list[Body] = []
        self.gone = False
        self.problem: Problem | None = None
        self.gates: dict[type[Body], asyncio.Event] = {}
        self.progress: Callable[[Progress], None] | None = None
        """How to report to the last request's widget that it takes long."""
        self.known: dict[str, StatisticsOf] = {}
        """Statistics that are not worked out from the numbers."""

    def of(self, kind: type[Body]) -> list[Any]:
        """The requests of one kind, in order."""
        return [body for body in self.asked if type(body) is kind]

    async def request(
        self, body: Body, answer: type[Any], /, on_progress: Callable[[Progress], None] | None = None
    ) -> Any:
        self.asked.append(body)
        self.progress = on_progress
        try:
            await asyncio.sleep(0)
            if gate := self.gates.get(type(body)):
                await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(body)
            raise
        if self.gone:
            raise EngineGone("engine ended")
        if self.problem:
            raise EngineProblem(self.problem)
        reply = getattr(self, type(body).__name__.lower())(body)
        assert isinstance(reply, answer)
        return reply

    def window(self, ask: Window) -> Cells:
        tensor = self.tensors[ask.path]
        if tensor.absence:
            return Cells(path=ask.path, of=ask.of, absence=tensor.absence, reason=tensor.reason, shape=tensor.shape)
        height, width = tensor.matrix
        row, column = min(ask.row, height), min(ask.column, width)
        rows, columns = min(ask.rows, height - row), min(ask.columns, width - column)
        leading = tensor.leading(ask.leading)
        values = [tensor.at(leading, row + down, column + right) for down in range(rows) for right in range(columns)]
        return Cells(
            path=ask.path, of=ask.of, shape=tensor.shape, dtype=tensor.dtype, leading=leading, row=row, column=column,
            rows=rows, columns=columns, height=height, width=width, number=tensor.number,
            values=[value.real for value in values] if tensor.number == "complex" else values,
            imaginary=[value.imag for value in values] if tensor.number == "complex" else [],
        )  # fmt: skip

    def heatmap(self, ask: HeatMap) -> HeatCells:
        tensor = self.tensors[ask.path]
        if tensor.absence:
            return HeatCells(path=ask.path, of=ask.of, absence=tensor.absence, reason=tensor.reason, shape=tensor.shape)
        height, width = tensor.matrix
        block = (max(-(-height // ask.height), 1), max(-(-width // ask.width), 1))
        rows, columns = -(-height // block[0]), -(-width // block[1])
        leading = tensor.leading(ask.leading)
        values = [
            float(tensor.at(leading, row * block[0], column * block[1]))
            for row in range(rows)
            for column in range(columns)
        ]
        return HeatCells(
            path=ask.path,
            of=ask.of,
            shape=tensor.shape,
            leading=leading,
            height=rows,
            width=columns,
            block=block,
            values=values,
        )

    def nextnonfinite(self, ask: NextNonfinite) -> Nonfinite:
        tensor = self.tensors[ask.path]
        every = [list(index) for index in itertools.product(*map(range, tensor.shape))]
        origin = every.index(ask.index)
        order = [every[(origin + ask.step * at) % len(every)] for at in range(1, len(every) + 1)]
        found = next((index for index in order if not math.isfinite(tensor.value(index))), None)
        return Nonfinite(path=ask.path, of=ask.of, index=found)

    def statistics(self, ask: Statistics) -> StatisticsOf:
        tensor = self.tensors[ask.path]
        if tensor.absence:
            return StatisticsOf(path=ask.path, of=ask.of, absence=tensor.absence, reason=tensor.reason)
        if ask.path in self.known:
            return self.known[ask.path]
        height, width = tensor.matrix
        return statistics([tensor.at([], row, column) for row in range(height) for column in range(width)], ask)

    def places(self, path: str) -> None:
        """Let the statistics of a tensor say where its extremes are."""
        tensor = self.tensors[path]
        every = [list(index) for index in itertools.product(*map(range, tensor.shape))]
        finite = [index for index in every if math.isfinite(tensor.value(index))]
        found = statistics([tensor.value(index) for index in every], Statistics(path=path))
        low, high = (function(finite, key=tensor.value, default=None) for function in (min, max))
        self.known[path] = msgspec.structs.replace(found, minimum_at=low, maximum_at=high)


def statistics(values: Sequence[float], ask: Statistics) -> StatisticsOf:
    """The plain definition."""
    finite = [value for value in values if math.isfinite(value)]
    count, low, high = len(finite), min(finite, default=None), max(finite, default=None)
    mean = sum(finite) / count if count else None
    edges, counts = [], []
    if low is not None and high is not None and mean is not None:
        edges = [low + (high - low) * part / ask.bins for part in range(ask.bins + 1)]
        counts = [0] * ask.bins
        for value in finite:
            counts[min(int((value - low) / ((high - low) or 1) * ask.bins), ask.bins - 1)] += 1
    return StatisticsOf(
        path=ask.path, of=ask.of, count=len(values), minimum=low, maximum=high, mean=mean,
        std=math.sqrt(sum((value - mean) ** 2 for value in finite) / (count - 1))
        if mean is not None and count > 1
        else None,
        zeros=sum(value == 0 for value in finite), nan=sum(math.isnan(value) for value in values),
        inf=sum(math.isinf(value) for value in values), edges=edges, counts=counts,
    )  # fmt: skip
