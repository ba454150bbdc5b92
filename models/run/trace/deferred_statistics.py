"""Statistics of a few elements, taken only when somebody asks: of most turns of a loop nobody does.

Meanwhile the elements are kept as numbers, those of repeated calls together until there are some hundreds.
"""

from __future__ import annotations

from typing import Any

from .call_statistics import OutputStatistics

TOGETHER = 256
"""Numbers that are kept until their statistics are taken."""
_LATER = ("elements", "minimum", "maximum", "total", "deviation", "zeros")
"""Fields that are found when one of them is read."""
_NONE = {"nan": 0, "positive_inf": 0, "negative_inf": 0, "rows": None, "units": None, "dead": None}
"""Fields that are not set as long as they are these."""


class DeferredStatistics(OutputStatistics):
    """Statistics of finite numbers, of one at least.

    Args:
        values: the numbers; nobody changes them.
        before: the statistics of further ones; None for no others.
    """

    __slots__ = ("_before", "_has_rows", "_values")
    all_finite = True

    def __init__(self, values: list[float], before: OutputStatistics | None = None) -> None:
        self._values = values
        self._before = before
        self._has_rows = False

    def __getattr__(self, name: str) -> Any:
        if name in _NONE:
            return _NONE[name]
        if name not in _LATER:
            raise AttributeError(name)
        found = self._taken()
        for each in _LATER:
            setattr(self, each, getattr(found, each))
        return getattr(found, name)

    def __eq__(self, other: object) -> bool:
        mine = OutputStatistics.with_rows(self, self.rows)
        return isinstance(other, OutputStatistics) and mine == OutputStatistics.with_rows(other, other.rows)

    __hash__ = None  # type: ignore[assignment]

    def joined(self, later: OutputStatistics) -> OutputStatistics:
        """Return the statistics of these numbers and those of another tensor."""
        if type(later) is not DeferredStatistics or later._before is not None:
            return OutputStatistics.joined(self, later)
        if len(self._values) + len(later._values) <= TOGETHER:
            both = DeferredStatistics(self._values + later._values, self._before)
        else:
            both = DeferredStatistics(later._values, self._taken())
        return both.with_rows(later.rows) if later._has_rows else both

    def with_rows(self, rows: float | None) -> OutputStatistics:
        """Return the same with another likeness of the rows."""
        found = DeferredStatistics(self._values, self._before)
        if rows is not None:
            found.rows = rows
            found._has_rows = True
        if self.units is not None:
            found.units, found.dead = self.units, self.dead
        return found

    def _taken(self) -> OutputStatistics:
        values = self._values
        total = sum(values)
        mean = total / len(values)
        deviation = sum([(value - mean) * (value - mean) for value in values])
        found = OutputStatistics(len(values), min(values), max(values), total, deviation, values.count(0.0))
        return found if self._before is None else self._before.joined(found)
