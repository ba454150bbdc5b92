"""Which parameters keys can have: all ways tried out are the oracle."""

from __future__ import annotations

from itertools import combinations, groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from models.sources.torch_file.subsequence import by_whole_layers, certain
from tests.cases import examples

SHAPES = st.lists(st.sampled_from("abc"), max_size=6)


def ways(groups: list[str], shapes: list[str]) -> list[dict[tuple[int, int], int]]:
    """All ways to give each shape of each group a parameter of that shape, in order, none to two."""
    found: list[dict[tuple[int, int], int]] = [{}]
    for number, group in enumerate(groups):
        longer = []
        for known in found:
            free = [each for each in range(len(shapes)) if each not in known.values()]
            for chosen in combinations(free, len(group)):
                if all(shapes[each] == shape for each, shape in zip(chosen, group, strict=True)):
                    longer.append(known | {(number, index): each for index, each in enumerate(chosen)})
        found = longer
    return found


@settings(max_examples=examples(200), deadline=None)
@given(SHAPES, st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=3))
def test_what_is_certain_is_so_in_every_way(shapes: list[str], groups: list[list[str]]) -> None:
    keys = [[(number, index) for index in range(len(group))] for number, group in enumerate(groups)]
    every = ways(groups, shapes)  # type: ignore[arg-type]
    found = certain(keys, len(shapes), lambda key, number: groups[key[0]][key[1]] == shapes[number])  # type: ignore[index]
    if found is None:
        assert every == []
        return
    for key, number in found.items():
        assert all(way[key] == number for way in every)  # type: ignore[index]
    if len(groups) == 1 and every:
        assert set(found) == {key for key in keys[0] if len({way[key] for way in every}) == 1}


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("ab")), max_size=7),
    st.lists(st.sampled_from("ab"), max_size=5),
)
def test_whole_layers_are_taken_where_there_is_one_way(parameters: list[tuple[str, str]], group: list[str]) -> None:
    layers = [layer for layer, _ in parameters]
    runs = [[number for number, _ in run] for _, run in groupby(enumerate(layers), key=lambda each: each[1])]
    shapes = [shape for _, shape in parameters]
    every = []
    for count in range(len(runs) + 1):
        for chosen in combinations(runs, count):
            numbers = [number for run in chosen for number in run]
            if [shapes[number] for number in numbers] == group:
                every.append(numbers)
    found = by_whole_layers(range(len(group)), layers, lambda key, number: group[key] == shapes[number])  # type: ignore[index]
    assert found == (dict(enumerate(every[0])) if len(every) == 1 else None)
