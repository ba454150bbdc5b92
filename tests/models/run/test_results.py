"""Results in words and as plain data."""

from __future__ import annotations

import json

import torch
from torch import nn

from models.run.results import describe_output, structure_of


def test_one_line() -> None:
    assert describe_output(nn.Linear(8, 1)(torch.rand(2, 8))) == "[2, 1] float32, grad_fn AddmmBackward0"
    assert describe_output(torch.tensor(3)) == "[] int64"
    assert describe_output(None) == "None"
    assert describe_output((torch.rand(2), [torch.rand(1), None])) == "tuple of [2] float32; list of [1] float32; None"
    assert describe_output({"logits": torch.rand(2, 3)}) == "dict of logits: [2, 3] float32"
    assert describe_output([torch.rand(1)] * 6).endswith("; and 2 more")
    assert describe_output(object()) == "object"


def test_as_json_nested_as_the_model_gives_it() -> None:
    value = {"a": (torch.rand(2, 3), [torch.zeros((), dtype=torch.int64)]), "b": None, "c": 2, "d": object()}
    assert structure_of(value) == {
        "a": [{"shape": [2, 3], "dtype": "float32"}, [{"shape": [], "dtype": "int64"}]],
        "b": None,
        "c": 2,
        "d": {"type": "object"},
    }
    json.dumps(structure_of(value))


def test_bounded() -> None:
    nested: list[object] = []
    for _ in range(100):
        nested = [nested]
    assert len(json.dumps(structure_of(nested))) < 200
    assert len(structure_of(list(range(10_000)))) == 100
    assert structure_of("x" * 1000) == "x" * 200
