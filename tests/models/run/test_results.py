"""Results in words and as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import nn

from models.run.results import describe_output, structure_of


@dataclass
class Output:
    logits: torch.Tensor
    loss: torch.Tensor


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


def test_objects_are_looked_into_where_they_hold_tensors() -> None:
    output = Output(torch.rand(2, 3), torch.zeros(()))
    assert structure_of(output) == {
        "logits": {"shape": [2, 3], "dtype": "float32"},
        "loss": {"shape": [], "dtype": "float32"},
    }
    assert describe_output(output) == "Output of logits: [2, 3] float32; loss: [] float32"
    assert structure_of(SimpleNamespace(a=1)) == {"type": "SimpleNamespace"}
    assert structure_of(nn.Linear(1, 1)) == {"type": "Linear"}
    normal = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    assert structure_of(normal)["loc"] == {"shape": [2], "dtype": "float32"}


def test_bounded() -> None:
    nested: list[object] = []
    for _ in range(100):
        nested = [nested]
    assert len(json.dumps(structure_of(nested))) < 200
    assert len(structure_of(list(range(10_000)))) == 100
    assert structure_of("x" * 1000) == "x" * 200


def test_objects_that_lead_to_each_other_end() -> None:
    objects = [SimpleNamespace() for _ in range(30)]
    for each in objects:
        vars(each).update({f"to{index}": other for index, other in enumerate(objects)}, tensor=torch.rand(1))
    assert structure_of(objects[0])["tensor"] == {"shape": [1], "dtype": "float32"}
    assert describe_output(objects[0]).startswith("SimpleNamespace of ")
    for each in objects:
        del each.tensor
    assert structure_of(objects[0]) == {"type": "SimpleNamespace"}
