"""Calls of two runs side by side: each in one pair, in order, what is the same together."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.run.trace.calls import Call
from models.session import paired_calls
from models.session.paired_calls import Pair, aligned_calls, first_that_differs


def run_of(*calls: tuple[int, str], **fields: Any) -> list[Call]:
    """Calls of depths and names; a name in capitals is a module's."""
    kinds = ["module" if name[0].isupper() else "operation" for _, name in calls]
    return [
        Call(module=name if kind == "module" else "", op=name, kind=kind, depth=depth, index=at, **fields)  # type: ignore[arg-type]
        for at, ((depth, name), kind) in enumerate(zip(calls, kinds, strict=True))
    ]


def names(pairs: list[Pair]) -> list[tuple[str | None, str | None]]:
    return [(a and a.op, b and b.op) for a, b in pairs]


def test_what_one_run_alone_made_has_nothing_beside_it() -> None:
    a = run_of((0, "Net"), (1, "linear"), (1, "tanh"), (1, "sum"))
    b = run_of((0, "Net"), (1, "linear"), (1, "sigmoid"), (1, "mul"), (1, "sum"))
    assert names(aligned_calls(a, b)) == [
        ("Net", "Net"), ("linear", "linear"), ("tanh", None), (None, "sigmoid"), (None, "mul"), ("sum", "sum"),
    ]  # fmt: skip


def test_calls_within_another_call_do_not_stand_beside_those_of_this_one() -> None:
    a = run_of((0, "Net"), (1, "First"), (2, "add"), (1, "Second"), (2, "mul"))
    b = run_of((0, "Net"), (1, "First"), (1, "Second"), (2, "add"), (2, "mul"))
    found = names(aligned_calls(a, b))
    assert ("add", None) in found
    assert (None, "add") in found
    assert ("mul", "mul") in found


def test_another_class_may_have_taken_the_place_of_a_module() -> None:
    a = run_of((0, "Net"), (1, "Act"), (2, "relu"))
    b = run_of((0, "Net"), (1, "Act"), (2, "gelu"))
    b[1].op = "GELU"
    assert names(aligned_calls(a, b)) == [("Net", "Net"), ("Act", "GELU"), ("relu", None), (None, "gelu")]


CALLS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["add", "mul", "Net", "Layer"])), max_size=14)


def nested(calls: list[tuple[int, str]]) -> list[Call]:
    """Depths as calls have them: each at most one deeper than the one before."""
    deepest, found = 0, []
    for depth, name in calls:
        found.append((min(depth, deepest), name))
        deepest = found[-1][0] + 1
    return run_of(*found)


def holds(a: list[Call], b: list[Call]) -> None:
    pairs = aligned_calls(a, b)
    mine, theirs = [x for x, _ in pairs if x is not None], [y for _, y in pairs if y is not None]
    assert sorted(call.index for call in mine) == list(range(len(a)))
    assert [call.index for call in mine] == sorted(call.index for call in mine)
    assert sorted(call.index for call in theirs) == list(range(len(b)))
    assert [call.index for call in theirs] == sorted(call.index for call in theirs)
    for x, y in pairs:
        if x is not None and y is not None:
            assert (x.kind, x.depth, x.module) == (y.kind, y.depth, y.module)
            assert x.kind == "module" or x.op == y.op


@given(CALLS, CALLS)
def test_each_call_is_in_one_pair_in_the_order_of_its_run(a: list[tuple[int, str]], b: list[tuple[int, str]]) -> None:
    holds(nested(a), nested(b))


@given(CALLS, CALLS)
def test_so_it_is_where_there_are_too_many_to_find_the_best(a: list[tuple[int, str]], b: list[tuple[int, str]]) -> None:
    before, paired_calls.MATCHED = paired_calls.MATCHED, 0
    try:
        holds(nested(a), nested(b))
    finally:
        paired_calls.MATCHED = before


def test_very_long_runs_that_differ_early_are_put_side_by_side() -> None:
    a = run_of((0, "Net"), (1, "cos"), *[(1, name) for name in ("add", "mul") * 10_000])
    b = run_of((0, "Net"), *[(1, name) for name in ("add", "mul") * 10_000], (1, "sin"))
    pairs = aligned_calls(a, b)
    assert sum(None not in pair for pair in pairs) == 20_001


def test_the_first_that_differs_is_the_innermost() -> None:
    calls = run_of((0, "Net"), (1, "add"), (1, "Block"), (2, "mul"), (2, "sum"))
    assert first_that_differs(calls, lambda at: at in (0, 2, 4)) == 4
    assert first_that_differs(calls, lambda at: at in (0, 2)) == 2
    assert first_that_differs(calls, lambda at: False) is None


def test_a_layer_of_torch_is_named_and_not_what_it_does_at_the_line_that_calls_it() -> None:
    calls = run_of((0, "Net"), (1, "BatchNorm"), (2, "add_"), where="net.py:3")
    assert first_that_differs(calls, lambda at: True) == 1
    calls[2].where = "net.py:9"
    assert first_that_differs(calls, lambda at: True) == 2
