"""Views that repeat few stored elements many times, compared with the same elements one by one."""

import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.live.gradients import l2_norm
from models.tensors import lattice, overlap
from models.tensors.heat import heat_map
from models.tensors.nonfinite import next_nonfinite
from models.tensors.readable import Readable
from models.tensors.statistics import measure
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.work.one_thread import _library
from tests.cases import examples

VIEWS = settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def views(draw: st.DrawFn, special: bool = True) -> torch.Tensor:
    dims = draw(st.integers(0, 4))
    shape = draw(st.tuples(*[st.integers(1, 6)] * dims))
    stride = draw(st.tuples(*[st.integers(0, 4)] * dims))
    size = 1 + sum((count - 1) * step for count, step in zip(shape, stride, strict=True))
    choices = [-3.0, -1.0, 0.0, 2.0, 3.0, *([math.nan, math.inf, -math.inf] if special else [])]
    numbers = draw(st.lists(st.sampled_from(choices), min_size=size, max_size=size))
    return torch.tensor([9.0, *numbers])[1:].as_strided(shape, stride)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every view that repeats an element as one that repeats many."""
    monkeypatch.setattr(lattice, "WALK_LIMIT", 0)
    monkeypatch.setattr(lattice, "REPEAT_LIMIT", 0)


@VIEWS
@given(views())
def test_each_stored_element_counts_as_often_as_it_is_shown(view: torch.Tensor) -> None:
    places = torch.arange(view.untyped_storage().size() // 4).as_strided(view.shape, view.stride())
    counted = overlap.multiplicity(view.shape, view.stride())
    assert counted.tolist() == torch.bincount(places.flatten(), minlength=len(counted)).tolist()


@VIEWS
@given(view=views())
@pytest.mark.usefixtures("always")
def test_statistics(view: torch.Tensor) -> None:
    found, wanted = (
        statistics(readable_of(view), path="w"),
        statistics(readable_of(view.contiguous().clone().view(-1)), path="w"),
    )
    for field in ("count", "minimum", "maximum", "zeros", "nan", "inf", "quantiles", "edges", "counts"):
        assert getattr(found, field) == getattr(wanted, field), field
    for field in ("mean", "std", "l2"):
        assert getattr(found, field) == pytest.approx(getattr(wanted, field)), field
    assert l2_norm(view) == pytest.approx(l2_norm(view.contiguous()), nan_ok=True)


@VIEWS
@given(view=views(), height=st.integers(1, 4), width=st.integers(1, 4), data=st.data())
@pytest.mark.usefixtures("always")
def test_heat_maps(view: torch.Tensor, height: int, width: int, data: st.DataObject) -> None:
    leading = [data.draw(st.integers(0, size - 1)) for size in view.shape[:-2]]
    found = heat_map(readable_of(view), path="w", leading=leading, height=height, width=width)
    assert (found.absence, found.reason) == ("", "")
    matrix = view[tuple(leading)].reshape((1, 1, *view.shape)[-2], -1)
    down, across = found.block
    wanted = []
    for top in range(0, matrix.shape[0], down):
        for left in range(0, matrix.shape[1], across):
            block = matrix[top : top + down, left : left + across].flatten().tolist()
            largest = max(block, key=lambda number: (abs(number), number))
            wanted.append(math.nan if any(map(math.isnan, block)) else largest)
    assert found.height * found.width == len(wanted)
    assert found.values == pytest.approx(wanted, nan_ok=True)


@VIEWS
@given(view=views(), direction=st.sampled_from([1, -1]), data=st.data())
@pytest.mark.usefixtures("always")
def test_the_next_nan_or_infinity(view: torch.Tensor, direction: int, data: st.DataObject) -> None:
    index = [data.draw(st.integers(0, size - 1)) for size in view.shape]
    found = next_nonfinite(readable_of(view), path="w", index=index, direction=direction)
    bad = (~view.isfinite()).nonzero().tolist()
    behind = [each for each in bad if (each > index if direction > 0 else each < index)]
    ordered = sorted(behind or bad, reverse=direction < 0)
    assert found.index == (ordered[0] if ordered else None)


def test_what_expand_repeats_without_end_is_known_at_once() -> None:
    view = torch.tensor([1.0, math.nan, -3.0, 0.0])[:, None].expand(4, 2**50)
    found = statistics(readable_of(view), path="w")
    assert (found.count, found.nan, found.zeros, found.minimum) == (2**52, 2**50, 2**50, -3.0)
    assert found.l2 == math.sqrt(10 * 2**50)
    assert sum(found.counts) == 3 * 2**50
    assert next_nonfinite(readable_of(view), path="w", index=(1, 7)).index == [1, 8]
    assert next_nonfinite(readable_of(view), path="w", index=(1, 2**50 - 1)).index == [1, 0]
    heat = heat_map(readable_of(view), path="w", height=4, width=3)
    assert (heat.height, heat.width, heat.values[6:]) == (4, 3, [-3.0] * 3 + [0.0] * 3)


def test_overlapping_windows_without_end_are_counted_exactly() -> None:
    view = torch.arange(2.0**20).as_strided((2**19, 2**19), (1, 1))
    found = statistics(readable_of(view), path="w")
    assert (found.count, found.minimum, found.maximum, found.zeros) == (2**38, 0.0, 2.0**20 - 2, 1)
    assert found.mean == pytest.approx(2.0**19 - 1)
    assert sum(found.counts) == 2**38
    assert next_nonfinite(readable_of(view), path="w").index is None
    heat = heat_map(readable_of(view), path="w", height=2, width=2)
    assert heat.values == [2.0**19 - 2, 2.0**19 + 2**18 - 2, 2.0**19 + 2**18 - 2, 2.0**20 - 2]


def test_where_too_much_is_stored_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "SPAN_LIMIT", 1000)
    view = torch.arange(5000.0).as_strided((2500, 2500), (1, 1))
    for found in (
        statistics(readable_of(view), path="w"),
        heat_map(readable_of(view), path="w"),
        next_nonfinite(readable_of(view), path="w"),
    ):
        assert found.absence == "unsupported"
        assert "4,999 stored elements" in found.reason
        assert "6,250,000" in found.reason


def test_what_expand_repeats_is_taken_once() -> None:
    whole = readable_of(torch.arange(3).reshape(1, 3, 1).expand(10**6, 3, 10**6))
    kept, repeats = overlap.shown_once(whole)
    assert (kept.numbers(0, kept.elements), repeats) == ([0, 1, 2], 10**12)


@pytest.mark.skipif(_library() is None, reason="torch works in the calling thread alone anyway")
def test_they_are_read_by_the_calling_thread_alone(always: None, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    span_piece = overlap.span_piece

    def counted(readable: Readable) -> torch.Tensor:
        threads.append(torch.get_num_threads())
        return span_piece(readable)

    for module in (overlap, measure):
        monkeypatch.setattr(module, "span_piece", counted)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        view = readable_of(torch.arange(9.0).unfold(0, 4, 1))
        heat_map(view, path="w", height=2, width=2)
        next_nonfinite(view, path="w")
        statistics(view, path="w")
    finally:
        torch.set_num_threads(before)
    assert threads == [1, 1, 1]
