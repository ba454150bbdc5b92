"""The record of a run, without a network."""

from __future__ import annotations

import pytest

from models.run.trace.calls import Call
from models.run.trace.folding import Folding
from models.run.trace.record import Trace


def call(op: str) -> Call:
    return Call(module="", op=op, kind="operation", depth=0)


def test_pages() -> None:
    trace = Trace()
    for op in "abc":
        trace.add(call(op))
    total, finished, rows = trace.page(1, 5)
    assert (total, finished, [row.op for row in rows]) == (3, False, ["b", "c"])
    assert trace.page(-3, 1)[2] == []
    trace.finish()
    assert trace.page(0, 0) == (3, True, [])


def test_the_rows_of_a_module_and_of_a_tensor() -> None:
    trace = Trace()
    for module, kind, tensors in (
        ("", "module", ()),
        ("a", "module", ("a.weight",)),
        ("", "operation", ("a.weight",)),
        ("a", "operation", ()),
        ("ab", "module", ()),
        ("b.0", "module", ("b.0.bias",)),
    ):
        trace.add(Call(module=module, op=f"{module}{kind}", kind=kind, depth=0, tensors=tensors))  # type: ignore[arg-type]
    assert [trace.uses_of(path) for path in ("", "a", "a.weight", "b", "b.0", "b.0.bias", "nobody")] == [
        [0], [1], [1, 2], [5], [5], [5], [],
    ]  # fmt: skip


def test_growth_is_reported_at_most_every_twentieth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("models.run.trace.record.time.perf_counter", lambda: now)
    totals: list[int] = []
    trace = Trace(totals.append)
    for op in "abcdefgh":
        trace.add(call(op))
        now += 0.02
    assert totals == [1, 4, 7]
    trace.finish()
    trace.finish()
    assert totals == [1, 4, 7, 8]


def test_calls_that_were_not_kept_are_reported() -> None:
    trace = Trace()
    trace._folding = Folding(limit=2)
    for op in "abcd":
        trace.add(call(op))
    place = trace.open(call("e"))
    assert place is None
    trace.close(place)
    trace.finish()
    assert trace.page(0, 9)[2][-1].note == "3 more calls were not kept"
    assert trace.events == 5
