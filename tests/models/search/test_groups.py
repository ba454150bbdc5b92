"""Names that differ in digits alone, against a search that goes through all names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.search import groups as groups_module
from models.search.groups import group
from models.search.score import fold_case
from models.search.searcher import Searcher
from models.work.cancelled import Cancelled


def scattered(word: str, name: str) -> bool:
    rest: Iterator[str] = iter(name)
    return all(char in rest for char in word)


def slowly(paths: list[str], query: str) -> list[int]:
    """What the words of a query leave, by the plain meaning of it."""
    names = [fold_case(path) for path in paths]
    words = fold_case(query).split()
    left = list(range(len(names))) if words else []
    for word in words:
        left = [index for index in left if word in names[index]] or [i for i in left if scattered(word, names[i])]
    return left


EXPERTS = [
    f"Model.layers.{layer}.experts.{index}.{name}" for layer in range(12) for index in range(105) for name in "qK"
]
ODD = ["İ.layers.1", "layers\n.77.q", "", "ÿ1", "model.layers.", "٣.q", "layers.7.experts.77.q.scale"]


QUERIES = (
    "q,7,77,1.experts.1,rs.11.ex,.5.k,10,7 7 q,"
    "lyrs7k,e77,experts.104.q,layers 3 99 k,0.0,x7k,ms0e,1111,"
    "model,ÿ,٣,9.,7q7,s.1.e.10,layers.7.experts.77.q.scale"
)


@pytest.mark.parametrize("query", QUERIES.split(","))
def test_digits_are_found_where_they_stand(query: str) -> None:
    paths = EXPERTS + ODD
    searcher = Searcher(paths)
    expected = slowly(paths, query)
    assert searcher.hits(query) == expected
    assert searcher.total(query) == len(expected)
    assert searcher.next(query, len(paths), 1) == (expected[0] if expected else None)
    for here in (0, 700, len(paths) - 3):
        after = [index for index in expected if index > here] or expected
        before = [index for index in expected if index < here] or expected
        assert searcher.next(query, here, 1) == (after[0] if after else None)
        assert searcher.next(query, here, -1) == (before[-1] if before else None)


PARTS = st.sampled_from(["a", "b1", "12", "1", "21", "B", "é", "\n", "111"])
PATHS = st.lists(PARTS, max_size=4).map(".".join)


@given(st.lists(PATHS, max_size=40), st.lists(st.text("ab12. é", max_size=5), max_size=6))
def test_the_same_as_one_name_after_another(paths: list[str], queries: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups_module, "MIN_MEMBERS", 2)
        patch.setattr(groups_module, "CHUNK", 4)
        searcher = Searcher(paths)
    for query in queries:
        for end in [*range(len(query) + 1), *reversed(range(len(query)))]:  # typed, and taken back
            assert searcher.hits(query[:end]) == slowly(paths, query[:end])
            assert searcher.total(query[:end]) == len(slowly(paths, query[:end]))
            best = [index for index, _ in searcher.best(query[:end], 100)]
            assert sorted(best) == slowly(paths, query[:end])


def test_every_name_is_in_one_place() -> None:
    groups, alone = group(EXPERTS + ODD)
    assert sorted([*alone, *(member for each in groups for member in each.members)]) == list(range(len(EXPERTS + ODD)))
    assert {each.pattern.count(groups_module.DIGIT) for each in groups} == {2, 3, 4}
    assert set(range(len(EXPERTS), len(EXPERTS + ODD))) < set(alone)


def test_the_best_of_very_many_alike() -> None:
    searcher = Searcher(EXPERTS)
    assert EXPERTS[searcher.best("7 77 q", 1)[0][0]] == "Model.layers.7.experts.77.q"
    found, positions = searcher.best("q", 5)[0]
    assert EXPERTS[found].endswith(".q")
    assert positions == [len(EXPERTS[found]) - 1]


def test_a_search_can_be_given_up_and_asked_again() -> None:
    names = [chr(97 + n % 26) + chr(97 + n // 26 % 26) + "x" * (n // 676) for n in range(5_000)]
    with pytest.raises(Cancelled):
        Searcher(names, lambda: True)
    searcher = Searcher(names)
    with pytest.raises(Cancelled):
        searcher.total("zq", lambda: True)
    assert searcher.hits("zq") == slowly(names, "zq")


def test_what_is_long_and_pasted_must_occur_as_it_is() -> None:
    names = ["a" * 9_000 + "." + "9" * 9_000 + str(index) for index in range(10, 60)]
    searcher = Searcher(names)
    assert searcher.total("a" * 50 + "9") == 50
    assert searcher.total("a" * 8_000 + "9" * 100) == 0
    assert searcher.total("a" * 100 + "." + "9" * 100) == 50


def test_a_query_longer_than_any_name_finds_nothing_at_once() -> None:
    assert Searcher(EXPERTS).total("e" * 100_000) == 0
