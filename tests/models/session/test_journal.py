"""Of `journal`, `journal_steps`: the session as a file makes the network what it is, whatever was undone on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.messages import FitChoice, TakeSteps
from models.messages.errors import EngineProblem
from models.session.exporting import export
from models.session.fitting import load_chosen, open_weights
from models.session.inputs import set_inputs
from models.session.journal_steps import with_last_value
from models.session.moments import take_snapshot
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.snapshots import restore
from models.session.statement import run_statement
from models.session.steps import take_steps
from models.session.undoing import undo_last
from models.session.weights import loaded_or_why
from tests.cases import examples

STATEMENTS = (
    "net[0].weight.data[0, 0] = 5",
    "net[2].reset_parameters()",
    "noise = torch.rand(3); net[2].bias.data[:3] += noise",
    "factor = 2",
    "factor = factor + 1; net[0].bias.data.mul_(factor)",
    "net.append(nn.Linear(1, 1))",
    "net.eval()",
    "net(X).sum()",
    "_.backward()",
    "net[0].weight.data.add_(torch.rand_like(net[0].weight)); 1 / 0",
    "net.requires_grad_(False)",
    "undo()",
    "X = torch.ones(2, 4)",
)


def opened() -> Session:
    session = Session()
    session.open("mlp_of_test.py:make", inputs=["2x4"], seed=3)
    return session


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = "from torch import nn\ndef make():\n"
    text += "    return nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.Linear(3, 3), nn.Linear(3, 1))\n"
    (tmp_path / "mlp_of_test.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def replayed(session: Session) -> dict[str, Any]:
    """Run the session's file, and return its names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    path = list(sys.path)
    try:
        exec(compile(export(session, "session").text, "session.py", "exec"), names)
    finally:
        sys.path[:] = path
        sys.modules.pop("mlp_of_test", None)
    return names


def hold_the_same(session: Session) -> None:
    """Hold that the file makes the network, its gradients and flags, and the next random numbers, what they are."""
    after = torch.get_rng_state()
    text = export(session, "session").text
    names = replayed(session)
    assert torch.equal(torch.get_rng_state(), after), text
    mine, theirs = session.root, names["net"]
    assert str(mine) == str(theirs), text
    for (path, one), (_, other) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
        assert torch.equal(one, other), f"{path} of {text}"
        assert one.requires_grad is other.requires_grad, f"{path} of {text}"
        assert (one.grad is None) == (other.grad is None), f"gradient of {path} of {text}"
        assert one.grad is None or torch.equal(one.grad, other.grad), f"gradient of {path} of {text}"
    assert [module.training for module in mine.modules()] == [module.training for module in theirs.modules()], text


ACTIONS = ("f", "b", "u", "U", "snapshot", "back", *STATEMENTS)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=10))
def test_the_file_makes_the_network_what_it_is(actions: list[str]) -> None:
    session = opened()
    for action in actions:
        try:
            match action:
                case "f":
                    forward_pass(session)
                case "b":
                    backward_pass(session)
                case "u" | "U":
                    undo_last(session, again=action == "U")
                case "snapshot":
                    take_snapshot(session, "one")
                case "back":
                    restore(session, "one")
                case _:
                    run_statement(session, action)
        except EngineProblem:
            continue
    text = export(session, "session").text
    compile(text, "session.py", "exec")
    if "not in this file" not in text and "no name any more" not in text and "back" not in actions:
        hold_the_same(session)


def test_what_was_undone_is_left_out_with_what_came_after() -> None:
    session = opened()
    run_statement(session, "net[0].bias.data.zero_()")
    run_statement(session, "y = net(X)")
    run_statement(session, "y.shape")
    undo_last(session)
    assert export(session, "session").text.endswith("\n# undone:\n# y = net(X)\n# undone:\n# y.shape\n")
    hold_the_same(session)
    undo_last(session)
    run_statement(session, "before = net(X).sum()")
    undo_last(session, again=True)
    lines = export(session, "session").text.splitlines()
    assert lines[-2:] == ["before = net(X).sum()", "net[0].bias.data.zero_()"]
    hold_the_same(session)


def test_back_to_a_snapshot() -> None:
    session = opened()
    run_statement(session, "net[0].bias.data.fill_(1)")
    take_snapshot(session, 'it\'s "one"')
    run_statement(session, "net[0].bias.data.fill_(2); net.append(nn.Tanh()); net.eval()")
    assert "snapshots[" not in export(session, "session").text
    restore(session, 'it\'s "one"')
    hold_the_same(session)
    undo_last(session)
    hold_the_same(session)


def test_inputs_of_the_form_are_undone_and_in_the_file() -> None:
    session = opened()
    first = session.namespace["X"]
    assert set_inputs(session, ["3x4"]).text == "float32[3, 4]"
    assert session.summary().input == "float32[3, 4]"
    forward_pass(session)
    assert session.result.shape == (3, 1)  # type: ignore[attr-defined]
    names = replayed(session)
    assert torch.equal(names["output"], session.result)  # type: ignore[arg-type]
    assert torch.equal(names["X"], session.namespace["X"])
    undo_last(session)
    assert "inputs of the next forward" in undo_last(session)
    assert session.namespace["X"] is first
    assert session.summary().input == "torch.rand(2, 4)"
    set_inputs(session, ["=torch.ones(5, 4)"])
    assert replayed(session)["X"].shape == (5, 4)


def test_what_raised_but_changed_something_is_done_again() -> None:
    session = opened()
    run_statement(session, "net[0].bias.data.fill_(7); raise ValueError('no')")
    run_statement(session, "1 / 0")
    text = export(session, "session").text
    assert text.endswith("# raised ZeroDivisionError: division by zero\n# 1 / 0\n")
    hold_the_same(session)


def test_weights_that_were_loaded_leave_the_names_of_the_console_alone(folder: Path) -> None:
    session = opened()
    torch.save({f"module.{name}": each + 1 for name, each in session.root.state_dict().items()}, folder / "w.pt")
    run_statement(session, "name, file, re, model = 'head', 3, 4, net[2]; state = net.state_dict()")
    run_statement(session, "state = {key: value.clone() for key, value in state.items()}")
    open_weights(session, "w.pt")
    load_chosen(session, FitChoice())
    run_statement(session, "model.weight.data *= file * re; net[3].weight.data.copy_(state['3.weight'])")
    hold_the_same(session)
    assert "load_weights" not in replayed(session)


def test_a_function_of_the_console_that_is_called_as_that_which_loads_stays() -> None:
    session = opened()
    torch.save(session.root.state_dict(), "w.pt")
    run_statement(session, "load_weights = lambda module: module.weight.data.fill_(7)")
    open_weights(session, "w.pt")
    load_chosen(session, FitChoice())
    open_weights(session, "w.pt")
    load_chosen(session, FitChoice())
    run_statement(session, "load_weights(net[0])")
    hold_the_same(session)
    assert "load_weights__" not in export(session, "session").text


def test_weights_that_were_loaded_at_the_beginning_are_in_the_file(folder: Path) -> None:
    session = opened()
    torch.save({f"module.{name}": each + 1 for name, each in session.root.state_dict().items()}, folder / "w.pt")
    assert loaded_or_why(session, "w.pt", trust=False) == "6 of 6 tensors loaded from w.pt with 1 rule"
    forward_pass(session)
    hold_the_same(session)


def test_steps_with_a_function_of_the_console_that_is_called_loss() -> None:
    session = opened()
    run_statement(session, "loss = lambda output: output.square().sum()")
    take_steps(session, TakeSteps(optimizer="SGD", rate=0.1, count=3, loss="loss(output)"))
    run_statement(session, "loss(net(X)).backward()")
    hold_the_same(session)


def test_a_fresh_interpreter_makes_the_same(folder: Path) -> None:
    session = opened()
    for text in ("net[0].bias.data.fill_(7)", "net[0].bias.data.fill_(8)", "net(X).sum()", "_.backward()"):
        run_statement(session, text)
    forward_pass(session)
    backward_pass(session)
    undo_last(session)
    run_statement(session, "net[2].reset_parameters()")
    end = "torch.save([net.state_dict(), [p.grad for p in net.parameters()]], 'out.pt')\n"
    (folder / "session.py").write_text(export(session, "session").text + end)
    subprocess.run([sys.executable, "session.py"], cwd=folder, check=True, capture_output=True)
    values, gradients = torch.load(folder / "out.pt")
    for path, tensor in session.root.state_dict().items():
        assert torch.equal(values[path], tensor), path
    for mine, theirs in zip([p.grad for p in session.root.parameters()], gradients, strict=True):
        assert (mine is None and theirs is None) or torch.equal(mine, theirs)  # type: ignore[arg-type]


def test_the_last_value() -> None:
    assert with_last_value("a = 1; b") == "a = 1; _ = b"
    assert with_last_value("x = 'é'; (1 +\n 2)\n") == "x = 'é'; _ = (1 +\n 2)\n"
    assert with_last_value("for i in x:\n    i") == "for i in x:\n    i"
    assert with_last_value("not python(") == "not python("


@pytest.mark.parametrize("broken", ["\u2028", "\x0c", "\x85", "\x1c"])
def test_the_last_value_behind_a_string_with_another_line_break(broken: str) -> None:
    assert with_last_value(f"x = 'a{broken}b'\nx.upper()") == f"x = 'a{broken}b'\n_ = x.upper()"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_last_value_behind_each_end_of_a_line(end: str) -> None:
    assert with_last_value(f"x = 1{end}x") == f"x = 1{end}_ = x"
