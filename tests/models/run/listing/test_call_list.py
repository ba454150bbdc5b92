from __future__ import annotations

from typing import Any

import pytest

from models.messages import CallRows, FindCall, NextCallHit
from models.messages.errors import EngineProblem
from models.run.listing import call_list
from models.run.listing.call_list import CallList
from models.run.trace.calls import Call
from models.run.trace.record import Trace


def run_of(*calls: dict[str, Any]) -> Trace:
    trace = Trace()
    for fields in calls:
        trace.add(Call(**{"module": "", "op": "add", "kind": "operation", "depth": 0, **fields}))
    trace.finish()
    return trace


def ops(trace: Trace, **wanted: Any) -> list[str]:
    page = CallList(trace).page(CallRows(run=1, start=0, count=100, **wanted))
    return [row.op for row in page.rows]


RUN = run_of(
    {"op": "b", "seconds": 0.2, "flops": None},
    {"op": "a", "seconds": None, "flops": 7},
    {"op": "c", "seconds": 0.5, "flops": 0},
    {"op": "d", "seconds": 0.2, "flops": 3},
)


def test_what_is_not_known_comes_last_whichever_way_it_is_sorted() -> None:
    assert ops(RUN, order="seconds") == ["b", "d", "c", "a"]
    assert ops(RUN, order="seconds", descending=True) == ["c", "b", "d", "a"]
    assert ops(RUN, order="flops", descending=True) == ["a", "d", "c", "b"]
    assert ops(RUN, order="op") == ["a", "b", "c", "d"]
    assert ops(RUN, descending=True) == ["d", "c", "a", "b"]


def test_names_are_sorted_by_their_numbers() -> None:
    lists = CallList(run_of(*({"module": module} for module in ("a.10", "a.2", "a.1"))))
    found = lists.page(CallRows(run=1, start=0, count=9, order="module")).rows
    assert [row.module for row in found] == ["a.1", "a.2", "a.10"]


def test_a_page_says_how_many_there_are_and_each_row_where_it_was() -> None:
    page = CallList(RUN).page(CallRows(run=1, start=1, count=2, order="seconds", descending=True, query="ms>1"))
    assert [(row.op, row.index) for row in page.rows] == [("b", 0), ("d", 3)]
    assert (page.total, page.all, page.start, page.complete) == (3, 4, 1, True)


def test_a_query_that_cannot_be_read_is_a_usage_error() -> None:
    with pytest.raises(EngineProblem) as raised:
        ops(RUN, query="mss>1")
    assert raised.value.problem.kind == "usage"
    assert "Did you mean ms>1?" in raised.value.problem.text


def test_a_run_that_goes_on_is_listed_anew_when_it_is_over() -> None:
    trace = Trace()
    lists = CallList(trace)
    request = CallRows(run=1, start=0, count=100)
    trace.add(Call(module="", op="a", kind="operation", depth=0))
    assert lists.page(request).total == 1
    trace.add(Call(module="", op="b", kind="operation", depth=0))
    trace.finish()
    page = lists.page(request)
    assert (page.total, page.complete) == (2, True)


def test_what_a_search_found_just_now_is_found_in_a_list_that_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_list, "SHARE", 1e12)
    trace = Trace()
    lists = CallList(trace)
    for op in "ab":
        trace.add(Call(module="", op=op, kind="operation", depth=0))
    assert lists.page(CallRows(run=1, start=0, count=100)).total == 2
    for op in "cd":
        trace.add(Call(module="", op=op, kind="operation", depth=0))
    assert lists.page(CallRows(run=1, start=0, count=100)).total == 2, "it is not made all the time"
    hit = lists.next_hit(NextCallHit(run=1, query="op:d", after=-1, direction=1))
    assert hit.index == 3
    assert lists.find(FindCall(run=1, index=3)).place == 3
    assert lists.find(FindCall(run=1, index=4)).place is None


def test_hits_of_a_search_go_round_in_both_directions() -> None:
    lists = CallList(run_of(*({"op": op} for op in "abcb")))

    def next_hit(after: int, direction: int = 1, query: str = "op:b") -> tuple[int | None, int, int]:
        found = lists.next_hit(NextCallHit(run=1, query=query, after=after, direction=direction))
        return found.index, found.number, found.count

    assert [next_hit(after) for after in (-1, 1, 3)] == [(1, 1, 2), (3, 2, 2), (1, 1, 2)]
    assert [next_hit(after, -1) for after in (3, 1, 0)] == [(1, 1, 2), (3, 2, 2), (3, 2, 2)]
    assert next_hit(0, 1, "op:z") == (None, 0, 0)


def test_a_page_says_why_the_run_failed() -> None:
    trace = run_of({"op": "a"})
    trace.hint = "`proj` expects 48 features"
    request = CallRows(run=1, start=0, count=9)
    assert CallList(trace).page(request).because == "", "no call failed"
    trace.failed = Call(module="proj", op="linear", kind="operation", depth=1)
    assert CallList(trace).page(request).because == "`proj` expects 48 features"
