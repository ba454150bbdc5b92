"""Folding of repeated calls; expanding the loops again is the oracle."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.run.calls import Call, Several, shape_text
from models.run.folding import Folding


def call(op: str, depth: int = 1) -> Call:
    return Call("", op, "operation", depth, "file.py:1", seconds=0.5)


def folded(ops: str) -> list[tuple[str, int]]:
    folding = Folding()
    for op in ops:
        folding.add(call(op))
    return [(row.op, row.repeat) for row in folding.rows]


def test_a_loop_of_one_call() -> None:
    assert folded("xaaaay") == [("x", 1), ("a", 4), ("y", 1)]


def test_a_loop_of_several_with_a_part_of_a_turn_left() -> None:
    assert folded("x" + "abcd" * 4 + "abc" + "y") == [
        ("x", 1), ("a", 4), ("b", 4), ("c", 4), ("d", 4), ("a", 1), ("b", 1), ("c", 1), ("y", 1),
    ]  # fmt: skip


def test_loops_within_loops() -> None:
    assert folded("aaab" * 5) == [("a", 15), ("b", 5)]
    assert folded("abbc" * 3) == [("a", 3), ("b", 6), ("c", 3)]


def test_turns_that_differ_stay_apart() -> None:
    assert folded("abacab") == [(op, 1) for op in "abacab"]


def test_seconds_add_up() -> None:
    folding = Folding()
    for _ in range(6):
        folding.add(call("a"))
    assert folding.rows[0].seconds == 3.0
    assert folding.events == 6


def test_a_million_turns_take_the_room_of_one() -> None:
    folding = Folding()
    turn = [call(op) for op in "abc"]
    for _ in range(100_000):
        for one in turn:
            folding.add(Call(one.module, one.op, "operation", 1, one.where))
    assert [row.repeat for row in folding.rows] == [100_000] * 3
    assert len(folding._items) == 1


def test_an_open_call_is_not_folded_and_keeps_its_row() -> None:
    folding = Folding()
    for _ in range(3):
        place = folding.open(Call("cell", "Cell", "module", 0, ""))
        assert place is not None
        assert folding.rows[folding.row_of(place)].op == "Cell"
        folding.add(call("a"))
        folding.add(call("a"))
        folding.close(place)
    assert [(row.op, row.repeat) for row in folding.rows] == [("Cell", 3), ("a", 6)]


def test_calls_of_another_shape_or_that_failed_do_not_fold() -> None:
    folding = Folding()
    for size in (2, 3, 3):
        folding.add(Call("", "cat", "operation", 1, "", inputs=((size,),)))
    for _ in range(2):
        folding.add(Call("", "mm", "operation", 1, "", failed="RuntimeError"))
    assert [(row.op, row.repeat) for row in folding.rows] == [("cat", 1), ("cat", 2), ("mm", 1), ("mm", 1)]


def test_beyond_the_limit_calls_are_counted() -> None:
    folding = Folding(limit=3)
    for op in "abcdef":
        folding.add(call(op))
    assert [row.op for row in folding.rows] == ["a", "b", "c"]
    assert (folding.events, folding.dropped) == (6, 3)


@given(st.text("abc", max_size=60))
def test_no_call_is_lost_or_invented(ops: str) -> None:
    rows = folded(ops)
    total: Counter[str] = Counter()
    for op, repeat in rows:
        total[op] += repeat
    assert total == Counter(ops)
    assert len(rows) <= len(ops)
    assert len(set(ops)) != 1 or len(rows) == 1


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True), st.integers(2, 9))
def test_a_loop_of_distinct_calls_folds_to_one_turn(turn: list[str], turns: int) -> None:
    assert folded("".join(turn) * turns) == [(op, turns) for op in turn]


def test_shapes_as_text() -> None:
    assert shape_text((2, 20)) == "[2, 20]"
    assert shape_text(()) == "[]"
    assert shape_text(None) == ""
    assert shape_text(Several([(2, 3), (2,), None])) == "([2, 3], [2], ·)"
    assert shape_text("True") == "True"
