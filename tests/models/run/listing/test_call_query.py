from __future__ import annotations

from typing import Any

import pytest

from models.run.listing.call_query import QueryError, matching, parse_call_query
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.calls import Call


def call(op: str, **fields: Any) -> Call:
    return Call(**{"module": "", "op": op, "kind": "operation", "depth": 1, "where": "net.py:1", **fields})


def statistics(**fields: Any) -> OutputStatistics:
    return OutputStatistics(
        **{"elements": 8, "minimum": -1.0, "maximum": 2.0, "total": 4.0, "deviation": 8.0, "zeros": 2, **fields}
    )


CALLS = [
    call("Net", kind="module", module="", depth=0, seconds=2.0),
    call("linear", module="a.0", where="net.py:12", seconds=0.003, kept=3 << 20, tensors=("a.0.weight",)),
    call("relu", module="a.1", where="net.py:1", seconds=0.0004, statistics=statistics(zeros=6, rows=0.002)),
    call("log", module="b", where="loss.py:12", statistics=statistics(nan=3, positive_inf=1), note="first NaN"),
    call("Linear", module="c", kind="module", where="net.py:120", seconds=1.5, flops=2_000_000, repeat=4),
    call("mm", module="c", where="net.py:120", failed="RuntimeError: shapes"),
]


def found(text: str) -> list[int]:
    return matching(parse_call_query(text), CALLS)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("op:linear", [1, 4]),
        ("op:linear,relu", [1, 2, 4]),
        ("!op:linear", [0, 2, 3, 5]),
        ("nan>0", [3]),
        ("inf>0", [3]),
        ("nonfinite>3", [3]),
        ("nan:0", [2]),
        ("ms>1", [0, 1, 4]),
        ("ms>1 ms<100", [1]),
        ("took>1s", [0, 4]),
        ("us<500", [2]),
        ("took<500us", [2]),
        ("spread<0.01", [2]),
        ("spread<1%", [2]),
        ("rows>1%", []),
        ("kept>1MB", [1]),
        ("kept>=3MiB", [1]),
        ("line:net.py:12", [1]),
        ("line:12", [1, 3]),
        ("line:net.py:1", [0, 2]),
        ("line:loss", [3]),
        ("zeros>50%", [2]),
        ("flops>1M", [4]),
        ("times>1", [4]),
        ("kind:module", [0, 4]),
        ("kind:failed", [5]),
        ("kind:noted", [3]),
        ("kind:loop", [4]),
        ("module:a", [1, 2]),
        ("weight", [1]),
        ("first nan", [3]),
        ("shapes", [5]),
        ("!weight op:linear", [4]),
        ("depth:0", [0]),
        ("ms >", [0, 1, 2, 3, 4, 5]),
        ("max:2", [2, 3]),
    ],
)
def test_a_query_leaves_the_calls_that_match(text: str, places: list[int]) -> None:
    assert found(text) == places


def test_what_is_not_known_does_not_match() -> None:
    assert found("ms>=0") == [0, 1, 2, 4], "the others have no time"
    assert found("!ms>1") == [2]


@pytest.mark.parametrize(
    ("text", "title", "remedy"),
    [
        ("opp:linear", "Nothing is called 'opp' in 'opp:linear'", "Did you mean op:linear?"),
        ("dtyp>3", "Nothing is called 'dtyp'", "There are op, module, line"),
        ("ms>fast", "'fast' is no number in 'ms>fast'", "ms>1"),
        ("took>3MB", "'3MB' is no number in 'took>3MB'", "took>1ms"),
        ("op>linear", "'op>linear': op is no number", "Write op:linear"),
        ("kind:tensor", "There is no kind of call as in 'kind:tensor'", "module, operation, failed"),
    ],
)
def test_a_term_that_cannot_be_read_is_answered_with_what_can(text: str, title: str, remedy: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_call_query(text)
    assert title in raised.value.title
    assert remedy in raised.value.remedy
