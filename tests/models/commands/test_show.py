"""`show`: the figures of the documented networks, and every field that the contract names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from models.commands.show import report_of, text_of
from models.examples.catalogue import EXAMPLES
from models.session.session import Session

FIGURES = {
    "sequential": (7946, 4, "Sequential"),
    "mlp": (7946, 3, "MLP"),
    "my_sequential": (7946, 4, "MySequential"),
    "fixed_hidden_mlp": (420, 2, "FixedHiddenMLP"),
    "parameter_access": (49, 4, "Sequential"),
    "rgnet": (309, 23, "Sequential"),
    "initialized": (49, 4, "Sequential"),
    "shared": (121, 8, "Sequential"),
}


def opened(source: str) -> Session:
    session = Session()
    session.open(source, seed=0)
    return session


def test_every_documented_network_has_its_figures() -> None:
    assert set(FIGURES) == set(EXAMPLES)


@pytest.mark.parametrize("name", FIGURES)
def test_figures(name: str) -> None:
    session = opened(name)
    report = report_of(session.model)
    parameters, modules, class_name = FIGURES[name]
    assert report["source"] == name
    assert report["kind"] == "module"
    assert report["class"] == class_name
    assert report["parameters"] == {"total": parameters, "trainable": parameters, "bytes": 4 * parameters}
    assert len(report["modules"]) == modules
    assert report["modules"][0] == {
        "path": "",
        "class": class_name,
        "inferred": False,
        "parameters": parameters,
        "trainable": parameters,
        "shared_with": [],
        "registered": True,
        "meaning": None,
    }
    assert report["metadata"] is None
    assert report["warnings"] == []
    state = session.root.state_dict()
    shown = {tensor["path"]: tensor for tensor in report["tensors"] if tensor["kind"] != "constant"}
    assert list(shown) == list(state)
    for path, tensor in state.items():
        assert shown[path]["shape"] == list(tensor.shape)
        assert shown[path]["dtype"] == "float32"
        assert shown[path]["device"] == "cpu"
        assert shown[path]["requires_grad"] is True
        assert shown[path]["bytes"] == 4 * tensor.numel()
    for tensor in report["tensors"]:
        assert isinstance(eval(tensor["python"], {"net": session.root}), torch.Tensor)


def test_python_form_and_nesting() -> None:
    tensors = {each["path"]: each for each in report_of(opened("rgnet").model)["tensors"]}
    assert tensors["0.block 1.0.bias"]["python"] == "net[0][1][0].bias"
    assert tensors["0.block 1.0.bias"]["shape"] == [8]


def test_sharing_is_reported_at_both_names() -> None:
    report = report_of(opened("shared").model)
    modules = {each["path"]: each for each in report["modules"]}
    assert modules["2"]["shared_with"] == ["4"]
    assert modules["4"]["shared_with"] == ["2"]
    tensors = {each["path"]: each["shared_with"] for each in report["tensors"]}
    assert tensors["2.weight"] == ["4.weight"]
    assert tensors["0.weight"] == []
    counted = sum(each["bytes"] // 4 for each in report["tensors"])
    assert counted == 193


def test_the_constant_is_no_parameter() -> None:
    report = report_of(opened("fixed_hidden_mlp").model)
    constant = next(each for each in report["tensors"] if each["kind"] == "constant")
    assert constant["path"] == "rand_weight"
    assert constant["shape"] == [20, 20]
    assert constant["requires_grad"] is False


def test_text_has_no_noise_and_marks_what_is_shared() -> None:
    lines = list(text_of(opened("shared").model))
    rows = {line.split()[0]: line for line in lines[1:] if line.startswith("  ") and not line.startswith("   ")}
    assert rows["1"].split() == ["1", "ReLU"]
    assert rows["2"].split() == ["2", "Linear", "72", "⇄", "4"]
    assert rows["6"].split() == ["6", "Linear", "9"]
    assert lines[-1] == "121 parameters, 121 trainable, 484 bytes"
    assert any(line.endswith("constant") for line in text_of(opened("fixed_hidden_mlp").model))


@pytest.mark.parametrize("name", FIGURES)
def test_text_fits_eighty_columns(name: str) -> None:
    assert max(map(len, text_of(opened(name).model))) <= 80


class Odd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.add_module("\x1b[31m层\n", nn.Linear(2, 2))
        self.add_module("\u202erl", nn.LazyLinear(3))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.still = nn.Parameter(torch.zeros(3), requires_grad=False)


def odd(monkeypatch: pytest.MonkeyPatch) -> Session:
    session = opened("mlp")
    monkeypatch.setitem(session.namespace, "net", Odd())
    monkeypatch.setitem(session.namespace, session.model.source.name, session.namespace["net"])
    session.report_changes([], gradients=False)
    return session


def test_hostile_names_never_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(text_of(odd(monkeypatch).model))
    assert "␛[31m层␊" in text
    assert "<202E>rl" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_what_is_not_known_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(odd(monkeypatch).model)
    tensors: dict[str, dict[str, Any]] = {each["path"]: each for each in report["tensors"]}
    assert tensors["\u202erl.weight"]["shape"] is None
    assert tensors["\u202erl.weight"]["bytes"] is None
    assert tensors["steps"]["kind"] == "buffer"
    assert tensors["steps"]["shape"] == []
    assert tensors["still"]["requires_grad"] is False
    assert report["parameters"]["total"] is None
    modules = {each["path"]: each for each in report["modules"]}
    assert modules["\x1b[31m层\n"]["parameters"] == 6
