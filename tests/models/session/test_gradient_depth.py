from __future__ import annotations

import math

import pytest
import torch

from models.engine.handlers.values import gradient_rows
from models.messages import CallBackward, GradientRows, LayerGradient
from models.run.trace.calls import Call
from models.session.gradient_depth import neighbours_merged
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from tests.models.session.observed import NeverCancelled


def layers(session: Session, path: str = "", start: int = 0) -> list[LayerGradient]:
    return gradient_rows(session, GradientRows(path=path, start=start, count=100), NeverCancelled()).layers


def test_gradients_at_layers_in_order_of_execution() -> None:
    session = Session()
    session.open("rgnet")
    assert layers(session) == []
    forward_pass(session)
    assert layers(session) == [], "there was no backward"
    backward_pass(session)
    found = layers(session)
    names = [f"0.block {block}.{layer}" for block in range(4) for layer in (0, 2)]
    assert [layer.path for layer in found] == [*names, "1"]
    assert {layer.op for layer in found} == {"Linear"}

    outputs: list[torch.Tensor] = []
    for name in (*names, "1"):
        layer = session.root.get_submodule(name)
        layer.register_forward_hook(lambda _module, _given, output: (output.retain_grad(), outputs.append(output))[0])
    session.root(*session.inputs.arguments[0]).sum().backward()
    norms = [float(output.grad.norm()) for output in outputs if output.grad is not None]
    assert [layer.norm for layer in found] == [pytest.approx(norm) for norm in norms]
    assert [layer.path for layer in layers(session, "0.block 2")] == names[4:6]
    assert layers(session, start=3) == [], "they come with the first page"
    forward_pass(session)
    assert layers(session) == [], "another run"


def test_neighbours_are_taken_together_where_there_are_too_many() -> None:
    def call(at: int, norm: float | None) -> Call:
        made = Call(module=f"{at}", op="Linear", kind="module", depth=0, inputs=(), output=None)
        made.backward = None if norm is None else CallBackward(seconds=0.0, norm=norm, min=norm, max=norm)
        return made

    calls = [call(at, norm) for at, norm in enumerate((1.0, 3.0, 5.0, math.nan, 7.0, None, None, None, 9.0))]
    found = neighbours_merged(calls, 4)
    assert [(layer.path, layer.layers) for layer in found] == [("0", 3), ("3", 3), ("6", 3)]
    assert found[0].norm == 3.0
    assert found[1].norm is not None
    assert math.isnan(found[1].norm)
    assert found[2].norm == 9.0
    assert neighbours_merged(calls[5:7], 1)[0].norm is None


def test_a_graph_that_is_too_large_to_be_watched_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.run.gradients.watch.NODE_LIMIT", 5)
    session = Session()
    session.open("rgnet")
    forward_pass(session)
    ran = backward_pass(session)
    assert ran.problem is None
    assert "gradients at calls and their causes are not known" in ran.text
    page = gradient_rows(session, GradientRows(path="", start=0, count=100), NeverCancelled())
    assert page.layers == [], "no picture: a gradient that is not known is not none"
    assert "not known" in page.note
    assert all(row.norm for row in page.rows)
