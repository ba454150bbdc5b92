"""Tensors that show few stored elements many times are compared by what is stored.

Of `spans`, through `compare`.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.diff import compare as compared
from models.diff.compare import compare
from models.diff.difference import Difference, Tolerance
from models.diff.tensors import Comparable
from models.diff.workers import Workers
from models.tensors import lattice
from tests.cases import examples
from tests.models.diff.comparables import live, of_stored
from tests.models.stored.test_overlap import of


def strided(tensor: torch.Tensor) -> Comparable:
    return of_stored(of(tensor)[0])


def difference(a: Comparable, b: Comparable) -> Difference:
    with Workers(1) as workers:
        return compare(a, b, Tolerance(), workers, lambda size: None)


@settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_pair_counts_as_often_as_it_is_shown(data: st.DataObject, monkeypatch: pytest.MonkeyPatch) -> None:
    dims = data.draw(st.integers(0, 3))
    shape = data.draw(st.tuples(*[st.integers(1, 5)] * dims))
    stride = data.draw(st.tuples(*[st.integers(0, 3)] * dims))
    size = 1 + sum((count - 1) * step for count, step in zip(shape, stride, strict=True))
    choices = st.sampled_from([-2.0, 0.0, 1.0, 1.0000001, 3.0, math.nan, math.inf])
    a, b = (
        torch.tensor(data.draw(st.lists(choices, min_size=size, max_size=size))).as_strided(shape, stride) for _ in "ab"
    )
    wanted = difference(live(a.contiguous()), live(b.contiguous()))
    with monkeypatch.context() as patch:
        patch.setattr(lattice, "WALK_LIMIT", 0)
        patch.setattr(lattice, "REPEAT_LIMIT", 0)
        patch.setattr(compared, "WALK_LIMIT", 0)
        for make in (live, strided):
            found = difference(make(a), make(b))
            assert found.status == wanted.status
            assert found.comparison is not None
            assert wanted.comparison is not None
            for field in ("values", "max_abs", "differing", "nonfinite"):
                assert getattr(found.comparison, field) == getattr(wanted.comparison, field), field
            for field in ("relative_l2", "cosine"):
                assert getattr(found.comparison, field) == pytest.approx(getattr(wanted.comparison, field)), field


@pytest.mark.parametrize("make", [live, strided])
def test_two_that_are_repeated_without_end(make) -> None:
    a, b = torch.tensor([1.0, 2.0, 0.0, 4.0]), torch.tensor([1.0, 2.0, 3.0, math.nan])
    views = [each[:, None].expand(4, 2**48) for each in (a, b)]
    assert difference(make(views[0]), make(views[0])).status == "equal"
    found = difference(make(views[0]), make(views[1]))
    assert (found.status, found.comparison.differing, found.comparison.nonfinite) == ("changed", 2**49, 2**48)
    assert found.comparison.max_abs == 3.0
    crossed = [torch.arange(9.0) for _ in "ab"]
    other = crossed[0][:, None].expand(9, 2**40), crossed[1].as_strided((9, 2**40), (0, 0))
    assert difference(make(other[0]), make(other[1])).comparison.max_abs == 8.0
    large = torch.arange(2.0**12)
    wide = large[:, None, None].expand(2**12, 2**12, 1), large[None, :, None].expand(2**12, 2**12, 1)
    refused = difference(make(wide[0]), make(wide[1]))
    assert (refused.status, refused.comparison) == ("unreadable", None)
    assert "16,777,216 pairs" in refused.reason
