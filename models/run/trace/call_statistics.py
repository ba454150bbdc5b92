"""Statistics of what a call returned: how those of several turns of a loop are joined.  Knows nothing of torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...messages import CallStatistics


@dataclass(slots=True)
class OutputStatistics:
    """Statistics of all elements of a tensor, or of several alike: NaN and infinities counted, the rest measured."""

    elements: int
    minimum: float
    """The least finite element; infinity where there is none."""
    maximum: float
    """The largest finite element; minus infinity where there is none."""
    total: float
    """The sum of the finite elements."""
    deviation: float
    """The sum of their squared distances from their mean."""
    zeros: int
    nan: int = 0
    positive_inf: int = 0
    negative_inf: int = 0
    rows: float | None = None
    """How unlike the rows of the batch are, as `CallStatistics` has it; of several tensors that of the last."""
    units: int | None = None
    """Of a ReLU its units, each of which was seen `elements / units` times; None where they were not counted."""
    dead: int | None = None
    """How many of them were zero each time; None where they were not counted."""

    @property
    def all_finite(self) -> bool:
        """Return whether no element is NaN or infinite."""
        return not (self.nan or self.positive_inf or self.negative_inf)

    @property
    def inf(self) -> int:
        """Return how many elements are infinite."""
        return self.positive_inf + self.negative_inf

    @property
    def finite(self) -> int:
        """Return how many elements are finite."""
        return self.elements - self.nan - self.inf

    @property
    def mean(self) -> float | None:
        """Return the mean of the finite elements; None where there is none."""
        return self.total / self.finite if self.finite else None

    @property
    def std(self) -> float | None:
        """Return their standard deviation, of the population; None where there is none."""
        return math.sqrt(max(self.deviation, 0.0) / self.finite) if self.finite else None

    def joined(self, later: OutputStatistics) -> OutputStatistics:
        """Return the statistics of these elements and those of another tensor."""
        mine, theirs, between = self.finite, later.finite, 0.0
        if mine and theirs:
            apart = later.total / theirs - self.total / mine
            between = apart * apart * mine * theirs / (mine + theirs)
        return OutputStatistics(
            self.elements + later.elements,
            min(self.minimum, later.minimum),
            max(self.maximum, later.maximum),
            self.total + later.total,
            self.deviation + later.deviation + between,
            self.zeros + later.zeros,
            self.nan + later.nan,
            self.positive_inf + later.positive_inf,
            self.negative_inf + later.negative_inf,
            later.rows,
        )

    def with_rows(self, rows: float | None) -> OutputStatistics:
        """Return the same with another likeness of the rows."""
        return OutputStatistics(
            self.elements,
            self.minimum,
            self.maximum,
            self.total,
            self.deviation,
            self.zeros,
            self.nan,
            self.positive_inf,
            self.negative_inf,
            rows,
            self.units,
            self.dead,
        )

    def message(self) -> CallStatistics:
        """Return what crosses the wall."""
        finite = self.finite
        return CallStatistics(
            min=self.minimum if finite else None,
            max=self.maximum if finite else None,
            mean=self.mean,
            std=self.std,
            zeros=self.zeros / self.elements if self.elements else 0.0,
            nan=self.nan,
            inf=self.inf,
            rows=self.rows,
            units=self.units if self.dead is not None else None,
            dead=self.dead,
        )
