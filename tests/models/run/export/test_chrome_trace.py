"""Of `chrome_trace`: events that nest as the calls did, in plain JSON."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from models.run.export.chrome_trace import chrome_trace
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.calls import Call
from tests.models.run.export.test_module_graph import Block, calls_of


def events(calls: list[Call]) -> list[dict[str, Any]]:
    def refused(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(chrome_trace(calls, "net"), parse_constant=refused)
    assert found["displayTimeUnit"] == "ns"
    assert isinstance(found["traceEvents"], list)
    return [event for event in found["traceEvents"] if event["ph"] == "X"]


def test_each_call_is_an_event_within_that_of_its_caller() -> None:
    calls = calls_of(nn.Sequential(nn.Linear(4, 4), Block()), torch.rand(2, 4))
    found = events(calls)
    assert [event["name"] for event in found][:4] == ["Sequential", "0: Linear", "1: Block", "1.fc: Sequential"]
    open_: list[dict[str, Any]] = []
    for call, event in zip(calls, found, strict=True):
        del open_[call.depth :]
        end = event["ts"] + event["dur"]
        assert event["dur"] >= (call.seconds or 0.0) * 1e6 - 1e-6
        if open_:
            outer = open_[-1]
            assert outer["ts"] - 1e-6 <= event["ts"]
            assert end <= outer["ts"] + outer["dur"] + 1e-6
        open_.append(event)
    siblings = [event for call, event in zip(calls, found, strict=True) if call.depth == 1]
    assert all(a["ts"] + a["dur"] <= b["ts"] + 1e-6 for a, b in pairwise(siblings))
    assert found[1]["args"]["output"] == "[2, 4]"
    assert found[1]["args"]["flops"] == 2 * 2 * 4 * 4


def test_names_and_numbers_of_any_kind() -> None:
    call = Call(
        module="\ud800\x1b", op='"\\', kind="module", depth=0, seconds=None, index=0,
        statistics=OutputStatistics(4, math.inf, -math.inf, math.nan, 0.0, 0, 1),
    )  # fmt: skip
    (event,) = events([call])
    assert event["dur"] == 0
    assert "\x1b" not in event["name"]


def test_no_calls() -> None:
    assert events([]) == []
