"""Steps of an optimizer on the open network: the Python that is offered for the same is the oracle.

Of `models/session/steps.py` and `models/run/optimise.py`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import torch

from models import messages as m
from models.messages.errors import EngineProblem
from models.session.session import Session
from models.session.statement import run_statement
from models.session.steps import take_steps
from models.session.undoing import undo_last


def opened(source: str = "mlp", seed: int = 0) -> tuple[Session, list[m.StepsGrew]]:
    grown: list[m.StepsGrew] = []
    session = Session(lambda event: grown.append(event) if isinstance(event, m.StepsGrew) else None)
    session.open(source, seed=seed)
    return session, grown


def steps(count: int, rate: float = 0.1, loss: str = "", name: Literal["SGD", "Adam"] = "SGD") -> m.TakeSteps:
    return m.TakeSteps(optimizer=name, rate=rate, count=count, loss=loss)


def values(session: Session) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in session.root.parameters()]


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_steps_are_those_of_the_python_that_is_offered(name: Literal["SGD", "Adam"]) -> None:
    session, grown = opened()
    taken = take_steps(session, steps(5, name=name))
    assert taken.problem is None
    assert taken.count == 5
    assert taken.loss == "F.mse_loss(output, torch.zeros_like(output))"
    other, _ = opened()
    assert run_statement(other, taken.code).problem is None
    for mine, theirs in zip(values(session), values(other), strict=True):
        assert torch.equal(mine, theirs)
    points = [point for event in grown for point in event.points]
    assert len(points) == 5
    assert grown[0].start == 0
    assert points[-1].loss == pytest.approx(float(other.namespace["loss"].detach()))
    norm = math.hypot(*(float(p.grad.norm()) for p in other.root.parameters() if p.grad is not None))
    assert points[-1].gradient == pytest.approx(norm)


def test_how_far_each_layer_moved() -> None:
    session, grown = opened()
    before = {path: p.detach().clone() for path, p in session.root.named_parameters()}
    take_steps(session, steps(1))
    (event,) = grown
    assert [layer.path for layer in event.layers] == ["hidden", "out"]
    for layer in event.layers:
        names = [f"{layer.path}.weight", f"{layer.path}.bias"]
        moved = math.hypot(*(float((session.root.get_parameter(n).detach() - before[n]).norm()) for n in names))
        size = math.hypot(*(float(before[n].norm()) for n in names))
        assert layer.ratio == pytest.approx(moved / size)


def test_undo_takes_all_of_them_back_gradients_too() -> None:
    session, _ = opened()
    before = values(session)
    taken = take_steps(session, steps(3))
    assert set(taken.changed) == {"hidden.weight", "hidden.bias", "out.weight", "out.bias"}
    assert undo_last(session).startswith("took back `steps of SGD`: hidden.weight, hidden.bias, out.weight, out.bias")
    assert all(torch.equal(mine, old) for mine, old in zip(values(session), before, strict=True))
    assert all(parameter.grad is None for parameter in session.root.parameters())


def test_a_loss_of_ones_own_and_frozen_layers() -> None:
    session, grown = opened()
    run_statement(session, "target = torch.ones(2, 10); net.hidden.requires_grad_(False)")
    before = session.root.get_parameter("hidden.weight").detach().clone()
    taken = take_steps(session, steps(20, rate=0.5, loss="((output - target) ** 2).mean()"))
    assert taken.problem is None
    losses = [point.loss for event in grown for point in event.points]
    assert losses[-1] < losses[0] / 2
    assert [layer.path for layer in grown[-1].layers] == ["out"]
    assert torch.equal(session.root.get_parameter("hidden.weight"), before)


def test_steps_that_are_too_large_are_said_to_be() -> None:
    session, grown = opened()
    taken = take_steps(session, steps(60, rate=500.0))
    losses = [point.loss for event in grown for point in event.points]
    first = next(at for at, loss in enumerate(losses, 1) if not math.isfinite(loss))
    assert f"no finite number from step {first} on; it grew until then, as with too large a learning rate" in taken.text
    assert "finite" not in take_steps(opened()[0], steps(3)).text


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("output", "the loss has the shape [2, 10]: it has to be one number, as .mean() gives"),
        ("3.0", "the loss is of type float, not a tensor"),
        ("torch.tensor(1.)", "no parameter that is trained reaches the loss"),
        ("nonsense(output)", "NameError: name 'nonsense' is not defined"),
    ],
)
def test_a_loss_that_is_none_is_said(loss: str, said: str) -> None:
    session, _ = opened()
    before = values(session)
    taken = take_steps(session, steps(3, loss=loss))
    assert taken.problem is not None
    assert taken.problem.title == said
    assert (taken.count, taken.text) == (0, "no step was taken")
    with pytest.raises(EngineProblem, match="nothing to undo"):
        undo_last(session)
    assert all(torch.equal(mine, old) for mine, old in zip(values(session), before, strict=True))


def test_what_cannot_be_asked_for_is_refused() -> None:
    session, _ = opened()
    with pytest.raises(EngineProblem, match="no Python expression"):
        take_steps(session, steps(1, loss="output ="))
    with pytest.raises(EngineProblem, match="a number above 0"):
        take_steps(session, steps(1, rate=math.nan))
    run_statement(session, "net.requires_grad_(False)")
    with pytest.raises(EngineProblem, match="nothing to train"):
        take_steps(session, steps(1))


NETS = """\
import torch
from torch import nn

class Stopped(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        if self.calls == 4:
            raise KeyboardInterrupt
        return {"loss": self.linear(x).square().sum(), "more": x}

class Pair(Stopped):
    def forward(self, x):
        return self.linear(x), x
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets_of_steps.py"
    path.write_text(NETS)
    return path


def test_an_interrupt_keeps_the_steps_so_far_as_one_change(file: Path) -> None:
    session, grown = opened(f"{file}:Stopped")
    before = values(session)
    taken = take_steps(session, steps(10))
    assert taken.problem is not None
    assert taken.problem.kind == "interrupted"
    assert (taken.count, taken.loss) == (3, "output['loss']")
    assert sum(len(event.points) for event in grown) == 3
    undo_last(session)
    assert all(torch.equal(mine, old) for mine, old in zip(values(session), before, strict=True))
    assert session.root.calls == 0


def test_the_first_of_several_outputs_is_taken_against_zeros(file: Path) -> None:
    session, _ = opened(f"{file}:Pair")
    assert take_steps(session, steps(1)).loss == "F.mse_loss(output[0], torch.zeros_like(output[0]))"


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_steps_go_on_with_the_same_optimizer(name: Literal["SGD", "Adam"]) -> None:
    session, _ = opened()
    assert take_steps(session, steps(3, name=name)).text.endswith(f"; opt is a new {name}")
    opt, middle = session.namespace["opt"], values(session)
    went_on = take_steps(session, steps(2, name=name))
    assert went_on.text.endswith("; opt went on after 3 steps")
    assert "torch.optim" not in went_on.code
    assert session.namespace["opt"] is opt
    other, _ = opened()
    take_steps(other, steps(5, name=name))
    assert all(map(torch.equal, values(session), values(other)))
    # undo gives back the state too: the same steps again come to the same
    undo_last(session)
    assert all(map(torch.equal, values(session), middle))
    take_steps(session, steps(2, name=name))
    assert all(map(torch.equal, values(session), values(other)))
    undo_last(session)
    assert undo_last(session).endswith(" and the name opt and the optimizer of steps")
    assert "opt" not in session.namespace
    assert session.stepper.optimizer is None
    undo_last(session, again=True)
    assert session.namespace["opt"] is opt
    undo_last(session, again=True)
    assert all(map(torch.equal, values(session), values(other)))


def test_another_optimizer_where_something_changed_or_it_is_wanted() -> None:
    session, _ = opened()
    take_steps(session, steps(2))
    assert take_steps(session, steps(1, rate=0.2)).text.endswith("; opt is a new SGD (another learning rate)")
    assert take_steps(session, steps(1, rate=0.2, name="Adam")).text.endswith("(another optimizer)")
    again = msgspec.structs.replace(steps(1, rate=0.2, name="Adam"), anew=True)
    assert take_steps(session, again).text.endswith("; opt is a new Adam (as you chose)")
    run_statement(session, "net.hidden.requires_grad_(False)")
    assert take_steps(session, steps(1, rate=0.2, name="Adam")).text.endswith("(another set of parameters)")
    run_statement(session, "opt = 'mine'")
    assert take_steps(session, steps(1, rate=0.2, name="Adam")).text.endswith(
        "; steps_opt is a new Adam (opt is another by now)"
    )
    assert session.namespace["opt"] == "mine"


def test_no_step_leaves_the_optimizer_that_there_was() -> None:
    session, _ = opened()
    assert take_steps(session, steps(1, loss="nonsense(output)")).count == 0
    assert "opt" not in session.namespace
    take_steps(session, steps(1))
    opt = session.namespace["opt"]
    assert take_steps(session, steps(1, loss="nonsense(output)")).count == 0
    assert session.namespace["opt"] is opt
    assert take_steps(session, steps(1)).text.endswith("; opt went on after 1 step")


def test_a_loss_of_the_console_s_own() -> None:
    session, grown = opened()
    run_statement(session, "def loss_of(output):\n    return output.square().mean() * factor\n")
    run_statement(session, "factor = 3")
    taken = take_steps(session, steps(2, loss="loss_of(output)"))
    assert taken.problem is None
    assert len([point for event in grown for point in event.points]) == 2
    other, _ = opened()
    for text in ("def loss_of(output):\n    return output.square().mean() * 3\n", taken.code):
        assert run_statement(other, text).problem is None
    assert all(map(torch.equal, values(session), values(other)))
