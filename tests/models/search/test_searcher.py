"""Fuzzy search over paths.

Of `searcher`, `loose` and `shortlist`.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.search.score import fold_case
from models.search.searcher import Searcher

PATHS = ["", "0", "0.block 1", "0.block 1.0", "0.block 1.0.bias", "0.block 2.0.bias", "hidden.weight", "out.Weight"]


def hits(query: str, paths: list[str] | None = None) -> list[str]:
    searched = PATHS if paths is None else paths
    return [searched[index] for index in Searcher(searched).hits(query)]


def best(query: str, paths: list[str]) -> list[str]:
    return [paths[index] for index, _ in Searcher(paths).best(query, 10)]


def test_words_match_in_any_order_and_case() -> None:
    assert hits("BIAS 1") == ["0.block 1.0.bias"]
    assert hits("weight") == ["hidden.weight", "out.Weight"]


def test_gaps_only_when_a_word_occurs_nowhere() -> None:
    assert hits("b1") == ["0.block 1", "0.block 1.0", "0.block 1.0.bias"]
    assert hits("bias", ["b.in.a.s", "bias"]) == ["bias"]
    assert hits("blk bias") == ["0.block 1.0.bias", "0.block 2.0.bias"]
    assert hits("zz") == []


def test_nothing_is_found_by_nothing() -> None:
    assert hits("") == hits("   ") == []
    assert Searcher(PATHS).best(" ", 5) == []


def test_the_last_component_and_word_starts_come_first() -> None:
    assert best("norm", ["norm.weight", "block.norm", "block.renorm"]) == ["block.norm", "norm.weight", "block.renorm"]
    assert best("at", ["x.weatherman", "x.attn"])[0] == "x.attn"
    assert best("hidden", ["hidden.weight", "hidden", "my.hidden"])[0] == "hidden"


def test_positions_are_those_of_the_shown_text() -> None:
    searcher = Searcher(["İ.Straße.bias", "0.block 1.0.bias"])
    assert searcher.best("bias", 1)[0][1] in ([9, 10, 11, 12], [12, 13, 14, 15])
    for index, positions in searcher.best("STRASSE", 5) + searcher.best("straße", 5):
        assert index == 0
        assert positions == [2, 3, 4, 5, 6, 7]
    assert searcher.best("blk", 1) == [(1, [2, 3, 6])]


def test_next_goes_round() -> None:
    searcher = Searcher(PATHS)
    assert searcher.next("bias", 0, 1) == 4
    assert searcher.next("bias", 4, 1) == 5
    assert searcher.next("bias", 5, 1) == 4
    assert searcher.next("bias", 4, -1) == 5
    assert searcher.next("bias", 7, -1) == 5
    assert searcher.next("zz", 0, 1) is None


def test_any_characters_are_searched_for_as_they_are() -> None:
    odd = ["a[0]\n.x", "^$.*", "[^]"]
    assert hits("[0]", odd) == ["a[0]\n.x"]
    assert hits("^]", odd) == ["[^]"]
    assert hits("ax", odd) == ["a[0]\n.x"]


def test_the_best_are_found_among_very_many() -> None:
    paths = [f"layers.{index}.weight" for index in range(20_000)]
    paths += ["weigh.in", "head.w"]
    found = best("w", paths)
    assert len(found) == 10
    assert found[0] == "head.w"


WORDS = st.text("ab1. ", max_size=5)


@given(st.lists(st.text("ab1.", max_size=8), max_size=12), st.lists(WORDS, max_size=8))
def test_typing_on_finds_what_a_fresh_search_finds(paths: list[str], queries: list[str]) -> None:
    searcher = Searcher(paths)
    for query in queries:
        for end in range(len(query) + 1):
            assert searcher.hits(query[:end]) == Searcher(paths).hits(query[:end])


@given(st.lists(st.text("aAßİé.x", max_size=8), max_size=12), st.text("aAßİé.x", min_size=1, max_size=3))
def test_best_returns_hits_and_characters_that_match(paths: list[str], query: str) -> None:
    searcher = Searcher(paths)
    found = searcher.best(query, 50)
    assert sorted(index for index, _ in found) == searcher.hits(query)
    for index, positions in found:
        assert positions == sorted(set(positions))
        assert {fold_case(paths[index][position]) for position in positions} == set(fold_case(query))
