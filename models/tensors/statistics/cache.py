"""Statistics that were computed already, for the table of tensors and to compute none twice.  Must not import torch."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ...messages import Brief, Place, StatisticsOf


class StatisticsCache:
    """The statistics of one open model by path, each with a stamp of the elements that it was computed from."""

    def __init__(self) -> None:
        self._kept: dict[Place, tuple[Hashable, StatisticsOf]] = {}
        self._briefs: dict[Place, tuple[Hashable, Brief]] = {}
        self.version = 0
        """A number that grows with each change."""
        self.complete: dict[str, str] = {}
        """Paths at and below which all statistics were taken, with a sentence on these; empty after `forget`."""

    def __len__(self) -> int:
        return len(self._briefs)

    def get(self, path: Place, stamp: Hashable = None, bins: int = 0, exact: bool = False) -> StatisticsOf | None:
        """Return the statistics at a path; None where there are none that fit.

        They fit when they were computed at the same `stamp`, with so many `bins` (0: any), and with exact quantiles
        where `exact`.
        """
        found, kept = self._kept.get(path, (None, None))
        if kept is None or found != stamp or (bins and len(kept.counts) not in (0, bins)):
            return None
        return None if exact and kept.quantiles_within else kept

    def put(self, statistics: StatisticsOf, stamp: Hashable = None) -> None:
        """Keep statistics under their path; those that state an absence are not kept."""
        if statistics.absence:
            return
        self.version += 1
        if statistics.minimum is None or statistics.counts:  # not moments alone
            self._kept[statistics.path] = (stamp, statistics)
        self._briefs[statistics.path] = (stamp, brief_of(statistics))

    def forget(self, paths: Iterable[str]) -> None:
        """Remove the statistics at these paths, whose elements changed, whatever their stamps."""
        self.version += 1
        self.complete.clear()
        for path in paths:
            self._kept.pop(path, None)
            self._briefs.pop(path, None)

    def brief(self, path: Place, stamp: Hashable = None) -> Brief | None:
        """Return what the table of tensors shows of the statistics; None where there are none of this `stamp`."""
        found, kept = self._briefs.get(path, (None, None))
        return kept if found == stamp else None


def brief_of(statistics: StatisticsOf) -> Brief:
    """Return the part of statistics that a row of the table shows."""
    return Brief(
        minimum=statistics.minimum,
        maximum=statistics.maximum,
        mean=statistics.mean,
        std=statistics.std,
        l2=statistics.l2,
        zeros=statistics.zeros,
        nan=statistics.nan,
        inf=statistics.inf,
    )
