"""Whether views of one memory have elements in common, with sets of torch's own element numbers as oracle."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors import extents
from models.tensors.extents import Extent, Overlaps, extent_of, meet
from tests.cases import examples

MEMORY = 60


def extent(tensor: torch.Tensor) -> Extent:
    size = tensor.element_size()
    return extent_of(tensor.storage_offset() * size, tensor.shape, tensor.stride(), size)


def elements(view: torch.Tensor) -> set[int]:
    """Return the bytes of a view, where the memory holds the number of each byte."""
    every = torch.arange(MEMORY * 8).as_strided(view.shape, view.stride(), view.storage_offset())
    return set(every.flatten().tolist())


@st.composite
def views(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(st.lists(st.integers(0, 5), max_size=3))
    strides = draw(st.lists(st.integers(0, 12), min_size=len(shape), max_size=len(shape)))
    return torch.zeros(MEMORY * 8).as_strided(shape, strides, draw(st.integers(0, 80)))


@settings(max_examples=examples(400), deadline=None)
@given(views(), views())
def test_two_views_meet_where_they_have_an_element_in_common(one: torch.Tensor, other: torch.Tensor) -> None:
    wanted = bool(elements(one) & elements(other))
    assert meet(extent(one), extent(other)) == wanted
    assert meet(extent(other), extent(one)) == wanted


def test_parts_of_a_fused_matrix_lie_beside_each_other() -> None:
    fused = torch.zeros(64, 192)
    q, k, v = (extent(part) for part in fused.split(64, dim=1))
    assert not meet(q, k)
    assert not meet(k, v)
    assert meet(extent(fused), k)
    assert meet(extent(fused[3]), k)
    assert meet(extent(fused.T[70]), k)
    assert not meet(extent(fused.T[70]), v)
    assert not meet(extent(fused[:, :64:2]), extent(fused[:, 1:64:2]))


def test_bytes_are_compared_where_dtypes_differ() -> None:
    memory = torch.zeros(8)
    assert meet(extent(memory[1:2]), extent(memory.view(torch.int8)[7:9]))
    assert not meet(extent(memory[1:2]), extent(memory.view(torch.int8)[8:9]))


def test_what_takes_too_long_is_taken_to_overlap_as_the_ranges_do(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = torch.zeros(4_000)[::2], torch.zeros(4_000)[1::2]
    assert not meet(extent(one), extent(other))
    turned = Extent(0, ((3_000, 700), (3_000, 11)))
    far = Extent(5, ((3_000, 701), (3_000, 13)))
    monkeypatch.setattr(extents, "STEP_LIMIT", 2)
    assert meet(turned, far)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(views(), min_size=1, max_size=8))
def test_of_many_each_names_those_that_it_meets(several: list[torch.Tensor]) -> None:
    found = Overlaps([extent(view) for view in several])
    for index, view in enumerate(several):
        wanted = {at for at, other in enumerate(several) if at != index and elements(view) & elements(other)}
        assert set(found.of(index)) == wanted
    assert found.any() == any(set(found.of(index)) for index in range(len(several)))


def test_a_flat_memory_of_many_is_looked_at_once_each() -> None:
    flat = torch.zeros(5_000)
    several = Overlaps([extent(part) for part in flat.split(1)])
    assert not several.any()
    assert several._pairs == 0
