"""Sums over subtrees, with sets of objects as the oracle."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.tree.subtree_sums import RepeatedNodes, SubtreeSums


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Parents, ends and objects of a tree in preorder; only leaves are objects with a value, of which there are few."""
    parents = [-1]
    for node in range(1, draw(st.integers(1, 25))):
        above = node - 1  # a node lies below the one before, or below one of those above that
        for _ in range(draw(st.integers(0, 3))):
            above = parents[above] if above else 0
        parents.append(above)
    ends = [node + 1 for node in range(len(parents))]
    for node in range(len(parents) - 1, 0, -1):
        ends[parents[node]] = max(ends[parents[node]], ends[node])
    objects = [draw(st.integers(1, 4)) if ends[node] == node + 1 else 0 for node in range(len(parents))]
    return parents, ends, objects


def sums_of(parents: list[int], ends: list[int], objects: list[int], values: list[int]) -> SubtreeSums:
    pairs = [
        pair for each in {*objects} - {0} for pair in pairwise(node for node, one in enumerate(objects) if one == each)
    ]
    return SubtreeSums(values, RepeatedNodes(parents, ends, pairs))


@given(trees())
def test_every_object_counts_once_in_a_subtree_and_in_neighbouring_siblings(
    tree: tuple[list[int], list[int], list[int]],
) -> None:
    parents, ends, objects = tree
    sums = sums_of(parents, ends, objects, [10**one if one else 0 for one in objects])

    def expected(start: int, end: int) -> int:
        return sum(10**one for one in {*objects[start:end]} - {0})

    for node in range(len(parents)):
        assert sums.of(node) == expected(node, ends[node])
        siblings = [other for other in range(len(parents)) if parents[other] == parents[node] and other >= node]
        for last in siblings:
            assert sums.of_siblings(node, ends[last]) == expected(node, ends[last])


def test_a_sum_is_a_difference_however_many_names_an_object_has() -> None:
    count = 1_000
    values = [0] + [3] * count
    sums = sums_of([-1] + [0] * count, [count + 1, *range(2, count + 2)], [0] + [1] * count, values)
    assert sums.of_siblings(1, count + 1) == 3
    values.clear()  # nothing is gone through any more
    assert sums.of(0) == sums.of_siblings(1, count + 1) == 3
