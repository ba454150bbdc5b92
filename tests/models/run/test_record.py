"""The record of a run, without a network."""

from __future__ import annotations

import pytest

from models.run.calls import Call
from models.run.folding import Folding
from models.run.record import Trace


def call(op: str) -> Call:
    return Call("", op, "operation", 0, "")


def test_pages() -> None:
    trace = Trace()
    for op in "abc":
        trace.add(call(op))
    total, finished, rows = trace.page(1, 5)
    assert (total, finished, [row.op for row in rows]) == (3, False, ["b", "c"])
    assert trace.page(-3, 1)[2] == []
    trace.finish()
    assert trace.page(0, 0) == (3, True, [])


def test_growth_is_told_at_most_every_twentieth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("models.run.record.time.perf_counter", lambda: now)
    heard: list[int] = []
    trace = Trace(heard.append)
    for op in "abcdefgh":
        trace.add(call(op))
        now += 0.02
    assert heard == [1, 4, 7]
    trace.finish()
    trace.finish()
    assert heard == [1, 4, 7, 8]


def test_calls_that_were_not_kept_are_told() -> None:
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
