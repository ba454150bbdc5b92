"""Statistics that were taken already: they are told in the table, and not taken twice.  Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ...messages import Brief, StatisticsOf


class StatisticsCache:
    """Of one open model, by path.  Each entry has a stamp that says of which values it was taken."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, StatisticsOf]] = {}
        self._briefs: dict[str, tuple[Hashable, Brief]] = {}
        self.version = 0
        """Counts the changes."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, path: str, stamp: Hashable = None, bins: int = 0, exact: bool = False) -> StatisticsOf | None:
        """What is known of these values, with so many bins (0: any) and, where wanted, exact quantiles."""
        found, kept = self._kept.get(path, (None, None))
        if kept is None or found != stamp or (bins and len(kept.counts) not in (0, bins)):
            return None
        return None if exact and kept.quantiles_within else kept

    def put(self, statistics: StatisticsOf, stamp: Hashable = None) -> None:
        """Keep what was found; an absence is not kept."""
        if statistics.absence:
            return
        self.version += 1
        self._kept[statistics.path] = (stamp, statistics)
        self._briefs[statistics.path] = (stamp, brief_of(statistics))

    def forget(self, paths: Iterable[str]) -> None:
        """The values at these paths changed, whatever their stamps say."""
        self.version += 1
        for path in paths:
            self._kept.pop(path, None)
            self._briefs.pop(path, None)

    def brief(self, path: str, stamp: Hashable = None) -> Brief | None:
        """What the table tells; None while nothing is known of these values."""
        found, kept = self._briefs.get(path, (None, None))
        return kept if found == stamp else None


def brief_of(statistics: StatisticsOf) -> Brief:
    """The same in a row of the table."""
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
