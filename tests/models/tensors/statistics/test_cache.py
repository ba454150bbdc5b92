"""Statistics that are kept: of which values they are, and how exact."""

from __future__ import annotations

from models.messages import StatisticsOf
from models.tensors.statistics.cache import StatisticsCache, brief_of


def taken(path: str = "w", **more: object) -> StatisticsOf:
    return StatisticsOf(path=path, of="values", count=3, minimum=-1.0, maximum=2.0, mean=0.5, nan=1, **more)


def test_what_was_taken_of_other_values_is_not_given() -> None:
    cache = StatisticsCache()
    whole = taken(counts=[2], edges=[-1.0, 2.0])
    cache.put(whole, stamp=(1, 7))
    assert cache.get("w", (1, 7)) == whole
    assert cache.brief("w", (1, 7)) == brief_of(whole)
    for stamp in ((1, 8), (2, 7), None):
        assert cache.get("w", stamp) is None
        assert cache.brief("w", stamp) is None
    assert cache.get("other", (1, 7)) is None


def test_moments_alone_are_enough_for_the_table_and_for_nothing_else() -> None:
    cache = StatisticsCache()
    cache.put(taken())
    assert len(cache) == 1
    assert cache.brief("w") == brief_of(taken())
    assert cache.get("w") is None
    cache.put(taken(counts=[2], edges=[-1.0, 2.0]))
    cache.put(taken())
    assert cache.get("w") is not None  # what is known already stays
    cache.put(StatisticsOf(path="w", of="value", count=3, nan=3))
    assert cache.get("w") is not None  # without finite values there is no histogram


def test_bins_and_exactness_must_be_those_that_are_wanted() -> None:
    cache = StatisticsCache()
    cache.put(taken(counts=[1, 2], quantiles_within=0.01))
    assert cache.get("w", bins=2) is not None
    assert cache.get("w", bins=3) is None
    assert cache.get("w", exact=True) is None
    cache.put(taken(counts=[1, 2], quantiles_within=0.0))
    assert cache.get("w", exact=True) is not None


def test_what_is_forgotten_or_absent_is_not_kept_and_every_change_counts() -> None:
    cache = StatisticsCache()
    cache.put(taken())
    cache.put(taken("gone", absence="meta"))
    assert len(cache) == 1
    before = cache.version
    cache.forget(["w", "never"])
    assert (len(cache), cache.version, cache.brief("w")) == (0, before + 1, None)
