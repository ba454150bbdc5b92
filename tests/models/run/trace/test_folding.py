"""Folding of repeated calls; expanding the loops again is the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import copy
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.run.trace.calls import Call, Several, shape_as_text
from models.run.trace.folding import Folding


def call(op: str, **fields: Any) -> Call:
    return Call(**{"module": "", "op": op, "kind": "operation", "depth": 1, "where": "file.py:1", **fields})


def test_calls_are_alike_where_their_keys_are_the_same() -> None:
    values = {
        "module": "a", "op": "add", "kind": "operation", "depth": 2, "where": "file.py:2", "inputs": ((2, 3),),
        "output": (2, 3), "tensors": ("a.weight",), "bytes": 24, "mode": ("no_grad",), "failed": "no", "note": "a note",
    }  # fmt: skip
    one = Call(**values)
    assert one.is_like(Call(**values, repeat=3, seconds=0.1, flops=2, index=7))
    assert len(one.fold_key()) == len(values)
    for name, other in {**values, "kind": "module", "depth": 3, "bytes": 25}.items():
        changed = Call(**{**values, name: other if other != values[name] else other[:-1]})
        assert changed.fold_key() != one.fold_key()
        assert not changed.is_like(one)
        assert not one.is_like(changed)


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


def test_an_inner_loop_may_take_another_number_of_turns_each_time() -> None:
    folding = Folding()
    for inner in (3, 1, 5, 2):
        for op in ["a", *"b" * inner, "c"]:
            folding.add(call(op))
    assert [(row.op, row.repeat) for row in folding.rows] == [("a", 4), ("b", 11), ("c", 4)]
    outer, within = folding.loops()
    assert (outer.start, outer.rows, outer.range) == (0, 3, (4, 4))
    assert (within.start, within.rows, within.range) == (1, 1, (1, 5))


def test_an_inner_loop_of_several_calls_at_the_end_of_a_turn() -> None:
    folding = Folding()
    for inner in (2, 4, 3):
        for op in "a" + "bc" * inner:
            folding.add(call(op))
    assert [(row.op, row.repeat) for row in folding.rows] == [("a", 3), ("b", 9), ("c", 9)]
    assert [loop.range for loop in folding.loops()] == [(3, 3), (2, 4)]


def test_a_turn_may_be_as_long_as_it_likes() -> None:
    folding = Folding()
    for turn in range(7):
        for step in range(400):
            folding.add(call(f"op{step}"))
        assert len(folding.rows) == 400, turn
    assert {row.repeat for row in folding.rows} == {7}


def test_a_turn_with_a_note_stays_apart_until_there_are_many_rows() -> None:
    for until, rows in ((1000, [("", 2), ("first NaN", 1), ("", 2)]), (0, [("first NaN in turn 3", 5)])):
        folding = Folding(shapes_until=until)
        for turn in range(1, 6):
            folding.add(call("exp"))
            folding.add(call("log", note="first NaN" if turn == 3 else ""))
        assert [(row.note, row.repeat) for row in folding.rows if row.op == "log"] == rows


def test_turns_of_growing_shapes_are_folded_when_there_are_many_rows() -> None:
    folding = Folding(shapes_until=10)
    for size in range(100):
        folding.add(call("cat", output=(size,)))
        folding.add(call("mm", output=(size, 2)))
    assert len(folding.rows) == 12
    assert [(row.op, row.repeat) for row in folding.rows[-2:]] == [("cat", 95), ("mm", 95)]
    assert folding.rows[-1].note == "other shapes in other turns"


def test_turns_that_differ_stay_apart() -> None:
    assert folded("abacab") == [(op, 1) for op in "abacab"]


def test_seconds_add_up() -> None:
    folding = Folding()
    for _ in range(6):
        folding.add(call("a", seconds=0.5))
    assert folding.rows[0].seconds == 3.0
    assert folding.events == 6


def test_a_million_turns_take_the_room_of_one() -> None:
    folding = Folding()
    turn = [call(op) for op in "abc"]
    for _ in range(100_000):
        for one in turn:
            folding.add(copy(one))
    assert [row.repeat for row in folding.rows] == [100_000] * 3
    assert len(folding._levels[-1].items) == 1


def test_an_open_call_is_not_folded_and_keeps_its_row() -> None:
    folding = Folding()
    for _ in range(3):
        place = folding.open(call("Cell", module="cell", kind="module", depth=0))
        assert place is not None
        assert folding.rows[folding.row_of(place)].op == "Cell"
        folding.add(call("a"))
        folding.add(call("a"))
        folding.close(place)
    assert [(row.op, row.repeat) for row in folding.rows] == [("Cell", 3), ("a", 6)]


def test_calls_of_another_shape_or_that_failed_do_not_fold() -> None:
    folding = Folding()
    for size in (2, 3, 3):
        folding.add(call("cat", inputs=((size,),)))
    for _ in range(2):
        folding.add(call("mm", failed="RuntimeError"))
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


Program = tuple[Any, ...]
"""`(op,)`, `(op, parts)` of a call, or `(turns, parts)` of a loop."""


@st.composite
def programs(draw: st.DrawFn, levels: int = 3) -> list[Program]:
    """Return a program of loops, calls and operations with one of two names."""
    parts: list[Program] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["op", "op", "loop", "call"] if levels else ["op"]))
        name = draw(st.sampled_from("ab"))
        if kind == "op":
            parts.append((name,))
        elif kind == "call":
            parts.append((name, draw(programs(levels - 1))))
        else:
            parts.append((draw(st.lists(st.integers(2, 4), min_size=1, max_size=3)), draw(programs(levels - 1))))
    return parts


def distinct(program: list[Program], names: Iterator[int]) -> list[Program]:
    """Return the program with a name of its own for each operation and call."""
    return [
        (
            part[0] if isinstance(part[0], list) else f"op{next(names)}",
            *(distinct(inner, names) for inner in part[1:]),
        )
        for part in program
    ]


class Execution:
    """Runs a program into a folding; each loop takes the numbers of turns that its program names, one after another."""

    def __init__(self, program: list[Program]) -> None:
        self.folding = Folding()
        self.events: list[tuple[str, int]] = []
        self._times: Counter[int] = Counter()
        self._run(program, 0)

    def _run(self, program: list[Program], depth: int) -> None:
        for part in program:
            if isinstance(part[0], list):
                turns = part[0][self._times[id(part)] % len(part[0])]
                self._times[id(part)] += 1
                for _ in range(turns):
                    self._run(part[1], depth)
                continue
            self.events.append((part[0], depth))
            if len(part) == 1:
                self.folding.add(call(part[0], depth=depth))
                continue
            place = self.folding.open(call(part[0], depth=depth, kind="module"))
            assert place is not None
            self._run(part[1], depth + 1)
            self.folding.close(place)


def unfolded(folding: Folding) -> list[tuple[str, int]] | None:
    """Return the calls that the rows and loops stand for, in order; None where a loop took different numbers."""
    loops = folding.loops()
    if any(loop.range[0] != loop.range[1] for loop in loops):
        return None

    def expand(start: int, stop: int, waiting: list[Any]) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        while start < stop:
            loop = next((each for each in waiting if each.start == start and start + each.rows <= stop), None)
            if loop is None:
                found.append((folding.rows[start].op, folding.rows[start].depth))
                start += 1
            else:
                rest = [each for each in waiting if each is not loop]
                found += expand(start, start + loop.rows, rest) * loop.turns
                start += loop.rows
        return found

    return expand(0, len(folding.rows), loops)


@given(programs())
def test_folded_equals_unfolded(program: list[Program]) -> None:
    run = Execution(program)
    total: Counter[tuple[str, int]] = Counter()
    for row in run.folding.rows:
        total[row.op, row.depth] += row.repeat
    assert total == Counter(run.events)
    again = unfolded(run.folding)
    assert again is None or again == run.events


@given(programs())
def test_each_place_of_a_program_has_one_row_however_often_it_runs(program: list[Program]) -> None:
    run = Execution(distinct(program, count()))
    assert {(row.op, row.depth): row.repeat for row in run.folding.rows} == Counter(run.events)
    assert len(run.folding.rows) == len(Counter(run.events))


def test_shapes_as_text() -> None:
    assert shape_as_text((2, 20)) == "[2, 20]"
    assert shape_as_text(()) == "[]"
    assert shape_as_text(None) == ""
    assert shape_as_text(Several([(2, 3), (2,), None])) == "([2, 3], [2], ·)"
    assert shape_as_text("True") == "True"
