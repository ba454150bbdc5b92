"""Of `run_work`, `run_report`, `run_text`: a run with backward, its gradients and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.commands.run_text import text_of
from tests.models.commands.reports import of, opened, ran


def test_gradients_add_up_over_shared_names() -> None:
    session = opened("shared")
    report = ran(session, backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert rows["2.weight"]["norm"] == rows["4.weight"]["norm"]
    assert rows["2.weight"]["shared_with"] == ["4.weight"]
    for path, parameter in session.root.named_parameters():
        assert parameter.grad is not None
        assert rows[path]["norm"] == pytest.approx(parameter.grad.norm().item(), rel=1e-5)


def test_without_backward_gradients_do_not_apply() -> None:
    assert ran(opened())["gradients"] is None


def test_backward_that_cannot_be_is_an_error_after_a_forward_that_was() -> None:
    report = ran(of(nn.ReLU(), torch.rand(2, 4)), backward=True)
    assert report["output"] == {"shape": [2, 4], "dtype": "float32"}
    assert "The network has no parameters" in report["error"]["message"]
    assert report["error"]["type"] == "RuntimeError"
    assert report["from"] is None
    assert report["complete"] is False


class Through(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.layer(x))


def test_the_first_infinity_has_a_place() -> None:
    report = ran(of(Through(lambda x: x * 1e30 * 1e30), torch.rand(2, 4)), backward=True)
    first = report["nonfinite"]
    assert (first["phase"], first["module"], first["op"]) == ("forward", "", "mul")
    assert first["where"].startswith("test_run_backward.py:")
    assert report["calls"][first["call"]]["op"] == "mul"


def test_a_nan_that_backward_makes_is_reported() -> None:
    report = ran(of(Through(lambda x: (x * 0).sqrt()), torch.rand(2, 4)), backward=True)
    first = report["nonfinite"]
    assert (first["phase"], first["what"], first["module"], first["op"]) == ("backward", "NaN", "", "sqrt")
    assert report["calls"][first["call"]]["backward"]["nonfinite"] == "infinity"
    lines = list(text_of(report))
    place = lines.index(f"first NaN of the gradients in (root): sqrt, at {first['where']}")
    assert lines[place + 1] == f"  {first['text']}"
    assert {row["path"]: row["state"] for row in report["gradients"]} == {
        "frozen": "none",
        "layer.weight": "value",
        "layer.bias": "value",
    }


def test_a_gradient_is_reported_beside_the_size_of_its_parameter() -> None:
    network = nn.Linear(4, 2)
    with torch.no_grad():
        network.bias.zero_()
    rows = {each["path"]: each for each in ran(of(network, torch.rand(3, 4)), backward=True)["gradients"]}
    assert network.weight.grad is not None
    expected = float(network.weight.grad.norm() / network.weight.detach().norm())
    assert rows["weight"]["relative"] == pytest.approx(expected, rel=1e-5)
    assert rows["bias"]["norm"] > 0
    assert rows["bias"]["relative"] is None  # of a parameter that is 0


def test_the_parts_of_a_gradient_are_reported() -> None:
    report = ran(opened("fixed_hidden_mlp"), backward=True)
    row = next(each for each in report["gradients"] if each["path"] == "linear.weight")
    calls = [report["calls"][use["call"]] for use in row["uses"]]
    assert [(call["op"], call["module"]) for call in calls] == [("Linear", "linear")] * 2
    lines = list(text_of(report))
    place = next(index for index, line in enumerate(lines) if line.startswith("linear.weight"))
    assert lines[place].endswith("sum of 2 uses:")
    assert lines[place + 1].split() == [f"{row['uses'][0]['norm']:.6g}", "linear,", "at", calls[0]["where"]]


class Halves(nn.Module):
    """Replaces a parameter in each forward."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)
        return self.fc(x) + self.fixed


def test_the_gradients_are_those_of_the_parameters_that_are_there_afterwards() -> None:
    session = of(Halves(), torch.ones(2, 3))
    report = ran(session, backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert rows["fc.weight"]["state"] == "value"
    assert rows["fc.weight"]["norm"] == pytest.approx(24**0.5)  # six elements, each 2
    assert rows["fc.weight"]["replaced"]
    assert rows["fc.weight"]["where"].startswith("test_run_backward.py:")
    assert (rows["fixed"]["state"], rows["fixed"]["reason"]) == ("none", "frozen")
    assert (rows["fc.bias"]["replaced"], rows["fc.bias"]["where"]) == (False, None)
    text = "\n".join(text_of(report))
    assert f"replaced, {rows['fc.weight']['where']}" in text
    assert "replaces fc.weight" in text  # the note of the call


def test_from_what_backward_starts_is_reported() -> None:
    class WithLoss(nn.Linear):
        def forward(self, x: Tensor) -> Any:
            logits = super().forward(x)
            return {"logits": logits, "loss": logits.square().mean()}

    report = ran(of(WithLoss(3, 2), torch.rand(2, 3)), backward=True)
    assert (report["from"]["output"], report["from"]["shape"], report["from"]["summed"]) == ("['loss']", [], False)
    assert any(line.startswith("backward from ['loss']: [] float32") for line in text_of(report))
    assert ran(of(WithLoss(3, 2), torch.rand(2, 3)))["from"] is None


class Raw(nn.Module):
    """Uses a parameter that it does not register, and gets a gradient that is no number."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = [nn.Parameter(torch.ones(3))]
        self.kept = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.raw[0] + (self.kept**2).sqrt()


def test_what_is_not_registered_has_a_gradient_all_the_same() -> None:
    report = ran(of(Raw(), torch.ones(2, 3)), backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert (rows["raw[0]"]["state"], rows["raw[0]"]["registered"]) == ("value", False)
    assert rows["kept"]["registered"]
    lines = list(text_of(report))
    assert any(line.startswith("raw[0]") and line.endswith("not registered") for line in lines)
    assert any(line.startswith("first NaN of the gradients in (root): sqrt, at test_run_backward.py") for line in lines)


def test_a_write_in_place_that_breaks_backward_names_both_calls() -> None:
    def forward(x: Tensor) -> Tensor:
        y = x.sigmoid()
        y += 1
        return y

    report = ran(of(Through(forward), torch.rand(2, 4)), backward=True)
    error = report["error"]
    calls = [report["calls"][error["conflict"][name]]["op"] for name in ("needed_by", "changed_by")]
    assert calls == ["sigmoid", "add_"]
    assert error["conflict"]["where"] == report["calls"][error["conflict"]["changed_by"]]["where"]
    assert error["hint"].endswith("write y = y + 1 instead of y += 1")
    assert any(line.endswith("instead of y += 1") for line in text_of(report))


def test_a_backward_through_a_very_large_graph_says_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.run.gradients.watch.NODE_LIMIT", 5)
    report = ran(opened("rgnet"), backward=True)
    assert report["error"] is None
    (note,) = [note for note in report["notes"] if "not known" in note]
    assert note.startswith("gradients at calls")
    monkeypatch.undo()
    assert not [note for note in ran(opened("rgnet"), backward=True)["notes"] if "not known" in note]
