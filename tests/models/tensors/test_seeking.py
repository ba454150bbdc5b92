"""The order in which elements are looked through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tensors.seeking import index_at, position_of, rounds, seek
from models.work.cancelled import Cancelled, never


@given(st.integers(1, 40), st.data(), st.sampled_from([1, -1]), st.integers(1, 50))
def test_each_place_is_looked_at_once_and_the_origin_last(elements, data, direction, limit):
    origin = data.draw(st.integers(0, elements - 1))
    order = []
    for start, stop in rounds(elements, origin, direction, limit):
        assert 0 < stop - start <= limit
        order += range(start, stop)[::direction]
    assert order == [(origin + direction * (at + 1)) % elements for at in range(elements)]


@given(st.lists(st.integers(1, 5), max_size=4), st.data())
def test_places_and_indices_are_each_others_inverse(shape, data):
    index = [data.draw(st.integers(0, size - 1)) for size in shape]
    assert index_at(shape, position_of(shape, index)) == index


def test_what_is_missing_or_too_large_is_clamped():
    assert position_of([3, 4], [1]) == 4
    assert position_of([3, 4], [9, 9]) == 11
    assert position_of([3, 4], [-2, 1]) == 1
    assert position_of([], [5]) == 0


def test_progress_rises_and_a_cancelled_search_ends():
    reported = []
    assert seek(lambda start, stop, direction: None, 1000, 500, 1, 10, never, reported.append) is None
    assert reported == sorted(reported)
    assert 50 <= len(reported) <= 100
    with pytest.raises(Cancelled):
        seek(lambda start, stop, direction: None, 1000, 0, 1, 10, lambda: len(reported) > 0)
