"""`run` without its process: what a run sends becomes the report that the contract describes.

Of `run_work`, `run_report` and `run_text`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.commands.run_report import Report
from models.commands.run_text import text_of
from models.commands.run_work import Work
from models.commands.supervisor import WorkEnd
from tests.models.commands.reports import Wrong, of, opened, ran

FIELDS = {"inputs", "output", "calls", "from", "gradients", "error", "nonfinite", "seconds", "complete"}
CALL = {"module", "op", "depth", "inputs", "output", "tensors", "where", "repeat", "seconds", "flops"}
EVERY_FIELD = [
    *("module", "op", "kind", "depth", "inputs", "output", "tensors", "where", "repeat", "seconds", "self_seconds"),
    *(
        "bytes",
        "kept",
        "peak",
        "flops",
        "elementwise",
        "statistics",
        "producers",
        "reads_input",
        "mode",
        "backward",
        "failed",
        "note",
    ),
    "index",
]


@pytest.mark.parametrize(
    ("name", "taken", "given"),
    [
        ("sequential", [2, 20], [2, 10]),
        ("mlp", [2, 20], [2, 10]),
        ("my_sequential", [2, 20], [2, 10]),
        ("fixed_hidden_mlp", [2, 20], []),
        ("parameter_access", [2, 4], [2, 1]),
        ("rgnet", [2, 4], [2, 1]),
        ("initialized", [2, 4], [2, 1]),
        ("shared", [2, 4], [2, 1]),
    ],
)
def test_documented_networks(name: str, taken: list[int], given: list[int]) -> None:
    report = ran(opened(name), backward=True)
    assert report.keys() >= FIELDS
    assert report["inputs"] == [{"shape": taken, "dtype": "float32"}]
    assert report["output"] == {"shape": given, "dtype": "float32"}
    assert report["complete"] is True
    assert report["error"] is report["nonfinite"] is report["stopped"] is None
    assert all(call.keys() >= CALL for call in report["calls"])
    assert list(report["calls"][0]) == EVERY_FIELD
    assert report["calls"][0]["module"] == ""
    assert report["calls"][0]["output"] == given
    assert {each["state"] for each in report["gradients"]} <= {"zero", "value"}
    assert report["seconds"] > 0


def test_calls_of_the_document() -> None:
    calls = ran(opened("fixed_hidden_mlp"))["calls"]
    read = next(call for call in calls if call["op"] == "mm")
    assert read["tensors"] == ["rand_weight"]
    assert read["inputs"] == [[2, 20], [20, 20]]
    assert read["where"].startswith("forward_code.py:")
    assert [call["module"] for call in calls if call["op"] == "Linear"] == ["linear", "linear"]
    assert sum(call["repeat"] for call in calls if call["op"] == "div_") > 1


def test_a_seed_makes_it_reproducible() -> None:
    once, again, other = (ran(opened("rgnet", seed=seed), backward=True)["gradients"] for seed in (3, 3, 4))
    assert once == again
    assert once != other


class Top(nn.Module):
    def forward(self, x: Tensor, *, mask: Tensor | None = None) -> dict[str, Any]:
        values, places = torch.topk(x, 2)
        return {"values": values, "rest": (places, None, 2.5, float("nan"))}


def test_several_values_are_nested_as_given() -> None:
    report = ran(of(Top(), torch.rand(3, 4), mask=torch.ones(3, dtype=torch.bool)))
    assert report["keyword_inputs"] == {"mask": {"shape": [3], "dtype": "bool"}}
    assert report["output"]["values"] == {"shape": [3, 2], "dtype": "float32"}
    assert report["output"]["rest"][:3] == [{"shape": [3, 2], "dtype": "int64"}, None, 2.5]
    topk = next(call for call in report["calls"] if call["op"] == "topk")
    assert topk["inputs"] == [[3, 4]]
    assert topk["output"] == [[3, 2], [3, 2]]
    root = report["calls"][0]
    assert root["inputs"] == [[3, 4], [3]]
    assert root["output"] == [[3, 2], [[3, 2], None, None, None]]


def test_an_error_is_reported_with_its_place() -> None:
    report = ran(of(Wrong(), torch.rand(2, 4)))
    with pytest.raises(RuntimeError) as raised:
        Wrong()(torch.rand(2, 4))
    error = report["error"]
    assert error["type"] == "RuntimeError"
    assert error["message"] == str(raised.value)
    assert error["module"] == "inner.1"
    assert error["op"] in ("linear", "Linear")
    assert error["inputs"][0] == [2, 3]
    assert error["where"].startswith("reports.py:")
    assert error["hint"] == "`inner.1` expects 4 features, got 3 from `inner.0`: `in_features=3` fits"
    assert error["conflict"] is None
    assert f"  → {error['hint']}" in list(text_of(report))
    assert report["complete"] is False
    assert report["output"] is None
    assert [call["module"] for call in report["calls"]] == ["", "inner", "inner.0", "inner.1"]


class Raising(nn.Module):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        x.relu()
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("first\nsecond: third"), "ValueError", "first\nsecond: third"),
        (SystemExit(3), "SystemExit", "3"),
        (KeyError("a"), "KeyError", "'a'"),
        (AssertionError(), "AssertionError", ""),
    ],
)
def test_type_and_whole_message(error: BaseException, kind: str, message: str) -> None:
    found = ran(of(Raising(error), torch.rand(2)))["error"]
    assert (found["type"], found["message"], found["module"]) == (kind, message, "")


def test_an_interrupt_keeps_the_calls() -> None:
    report = ran(of(Raising(KeyboardInterrupt()), torch.rand(2)))
    assert report["error"] is None
    assert report["stopped"] == "interrupted"
    assert report["complete"] is False
    assert [call["op"] for call in report["calls"]] == ["Raising", "relu"]
    assert any("stopped early" in line for line in text_of(report))


def test_a_guess_is_said_to_be_one() -> None:
    session = of(nn.Linear(4, 2), torch.rand(2, 4))
    session.inputs.guessed_from = "0 (Linear)"
    assert "guess" in ran(session)["notes"][0]


def test_what_is_under_way_is_where_a_crash_happened() -> None:
    session, report = opened("rgnet"), Report()

    def send(name: str, *values: object) -> None:
        if "0.block 1.0" not in [call.module for call in report.trace.calls]:
            report.receive(name, json.loads(json.dumps(list(values))))

    Work(session, send).do()
    report.end(WorkEnd("crashed", -11))
    error = report.fields()["error"]
    assert error["type"] == "SIGSEGV"
    assert error["module"] == "0.block 1.0"
    assert error["inputs"] == [[2, 4]]


def test_text_is_safe_for_a_terminal() -> None:
    class Evil(nn.Sequential):
        pass

    Evil.__name__ = "Evil\x1b[2J"
    network = Evil()
    network.add_module("\u202e\n", nn.Linear(4, 4))
    network.add_module("last", Raising(ValueError("\x1b]0;x\x07\n\u2028")))
    text = "\n".join(text_of(ran(of(network, torch.rand(2, 4)))))
    assert "Evil␛[2J" in text
    assert "<202E>␊" in text
    assert not {"\x1b", "\x07", "\u202e", "\u2028"} & set(text)


@pytest.mark.parametrize("name", ["rgnet", "fixed_hidden_mlp", "shared"])
def test_text_fits_eighty_columns(name: str) -> None:
    lines = list(text_of(ran(opened(name), backward=True)))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["module", "operation", "gradient", "output", "where"]
    lines = list(text_of(ran(opened(name))))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["module", "operation", "inputs", "output", "where"]


class Log(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return (self.inner(x) - 9).log()


def test_behind_the_first_nan_is_said_of_what_it_was_made() -> None:
    lines = list(text_of(ran(of(Log(), torch.rand(2, 4)))))
    place = next(place for place, line in enumerate(lines) if line.startswith("first NaN in (root): log, at "))
    assert lines[place + 1].startswith("  log of -")
    assert " at [0, 0], which read -" in lines[place + 1]
    assert lines[place + 2].startswith("output [2, 3]")
