"""What the fake engine knows of numbers: windows, heat maps, statistics and gradients of made-up values."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from models.messages import (
    Cells,
    GradientPage,
    GradientRow,
    GradientRows,
    HeatCells,
    HeatMap,
    Place,
    Statistics,
    StatisticsOf,
    Window,
)

if TYPE_CHECKING:
    from fake_tree import Node


class FakeValues:
    """Part of `FakeEngine`."""

    numbers: dict[Place, list[float]]
    """Values of a tensor, when not the made-up ones."""
    gradients: dict[Place, list[float]]
    node: Callable[[Place], Node]
    other_values: Callable[[Place, str], list[float]]
    _tensors: Callable[[str], list[Node]]

    def values(self, path: Place, of: str = "value") -> list[float] | None:
        """The elements in row-major order; None where there is no gradient."""
        if of == "gradient":
            return self.gradients.get(path)
        if of in ("other", "difference"):
            return self.other_values(path, of)
        if path not in self.numbers:
            seed = zlib.crc32(str(path).encode()) % 1000
            self.numbers[path] = [
                round(math.sin(seed + 1.7 * index), 4) for index in range(math.prod(self.node(path).spec.shape))
            ]
        return self.numbers[path]

    def _matrix(self, path: Place, leading: list[int]) -> tuple[int, int, int, list[int]]:
        """Height, width and offset of the matrix at the leading indices, and the indices clamped."""
        shape = [1, 1, *self.node(path).spec.shape][-max(2, len(self.node(path).spec.shape)) :]
        height, width = shape[-2:]
        used = [min((leading[at : at + 1] or [0])[0], size - 1) for at, size in enumerate(shape[:-2])]
        offset = 0
        for index, size in zip(used, shape[:-2], strict=True):
            offset = offset * size + index
        return height, width, offset * height * width, used

    def _on_Window(self, body: Window) -> Cells:
        spec = self.node(body.path).spec
        values = self.values(body.path, body.of)
        if values is None:
            return Cells(path=body.path, of=body.of, absence="none", reason="No gradient yet.", shape=list(spec.shape))
        height, width, offset, leading = self._matrix(body.path, body.leading)
        row, column = min(body.row, height), min(body.column, width)
        rows, columns = min(body.rows, height - row), min(body.columns, width - column)
        return Cells(
            path=body.path,
            of=body.of,
            shape=list(spec.shape),
            dtype="float32",
            leading=leading,
            row=row,
            column=column,
            rows=rows,
            columns=columns,
            height=height,
            width=width,
            values=[
                values[offset + line * width + cell]
                for line in range(row, row + rows)
                for cell in range(column, column + columns)
            ],
        )

    def _on_HeatMap(self, body: HeatMap) -> HeatCells:
        spec = self.node(body.path).spec
        values = self.values(body.path, body.of)
        if values is None:
            return HeatCells(path=body.path, of=body.of, absence="none", reason="No gradient yet.")
        height, width, offset, leading = self._matrix(body.path, body.leading)
        down, across = -(-height // body.height), -(-width // body.width)
        lines, cells = -(-height // down), -(-width // across)
        picture = [
            max(
                (
                    values[offset + row * width + column]
                    for row in range(line * down, min((line + 1) * down, height))
                    for column in range(cell * across, min((cell + 1) * across, width))
                ),
                key=abs,
            )
            for line in range(lines)
            for cell in range(cells)
        ]
        return HeatCells(
            path=body.path,
            of=body.of,
            shape=list(spec.shape),
            leading=leading,
            height=lines,
            width=cells,
            block=(down, across),
            values=picture,
        )

    def _on_Statistics(self, body: Statistics) -> StatisticsOf:
        values = self.values(body.path, body.of)
        if values is None:
            return StatisticsOf(path=body.path, of=body.of, absence="none", reason="No gradient yet.")
        finite = [value for value in values if math.isfinite(value)]
        low, high = min(finite), max(finite)
        mean = sum(finite) / len(finite)
        spread = sum((value - mean) ** 2 for value in finite)
        counts = [0] * body.bins
        for value in finite:
            counts[min(int((value - low) / ((high - low) or 1) * body.bins), body.bins - 1)] += 1
        return StatisticsOf(
            path=body.path,
            of=body.of,
            count=len(values),
            minimum=low,
            maximum=high,
            mean=mean,
            std=math.sqrt(spread / (len(finite) - 1)) if len(finite) > 1 else None,
            l2=math.sqrt(sum(value * value for value in finite)),
            zeros=sum(value == 0 for value in values),
            nan=sum(math.isnan(value) for value in values),
            inf=sum(math.isinf(value) for value in values),
            edges=[low + (high - low) * index / body.bins for index in range(body.bins + 1)],
            counts=counts,
        )

    def _on_GradientRows(self, body: GradientRows) -> GradientPage:
        nodes = [node for node in self._tensors(body.path) if node.row.kind == "parameter"]
        rows = []
        for node in nodes[body.start : body.start + body.count]:
            gradient = self.gradients.get(node.row.path)
            size = math.prod(node.spec.shape)
            if node.row.frozen:
                rows.append(GradientRow(path=node.row.path, state="frozen", size=size))
            elif gradient is None:
                rows.append(GradientRow(path=node.row.path, state="none", size=size))
            else:
                norm = math.sqrt(sum(value * value for value in gradient))
                rows.append(
                    GradientRow(path=node.row.path, state="zero" if norm == 0 else "value", norm=norm, size=size)
                )
        return GradientPage(path=body.path, total=len(nodes), start=body.start, rows=rows)
