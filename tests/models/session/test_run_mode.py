"""The mode that a session runs its network in.  Of `passes`, `inputs`, `dry_pass`, `journal`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.messages import CallTensor, RunMode
from models.messages.errors import EngineProblem
from models.session.again import keep_call
from models.session.dry_pass import dry_pass
from models.session.exporting import export
from models.session.inputs import read_inputs, set_inputs
from models.session.pass_code import forward_code
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.commands.reports import opened as opened_headless
from tests.models.commands.reports import ran as ran_headless

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(4, 64), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    session = Session(emit=lambda event: None)
    session.open("net.py:Net", inputs=["3x4"], mode=RunMode("eval", "no_grad"))
    return session


def test_f_runs_in_the_mode_that_it_was_opened_with_and_a_statement_does_not(session: Session) -> None:
    ran = forward_pass(session)
    assert ran.text.splitlines()[-1] == "run in eval, no_grad"
    assert session.runs.trace(1).row(0).mode == ("eval", "no_grad")
    assert session.root.training
    assert (session.summary().mode, session.summary().run_mode) == ("train", RunMode("eval", "no_grad"))
    run_statement(session, "net(X)")
    assert session.runs.trace(2).row(0).mode == ("train",)


def test_the_form_has_the_mode_and_sets_it(session: Session) -> None:
    assert read_inputs(session).mode == RunMode("eval", "no_grad")
    set_inputs(session, [""], RunMode(autocast="bfloat16"))
    forward_pass(session)
    assert session.runs.trace(1).row(0).mode == ("train", "autocast cpu bfloat16")
    set_inputs(session, [""])
    assert read_inputs(session).mode == RunMode(autocast="bfloat16")
    set_inputs(session, ["no such thing"], RunMode())
    assert read_inputs(session).mode == RunMode(autocast="bfloat16"), "a form with an error changes nothing"


def test_another_source_starts_without_a_mode(session: Session) -> None:
    session.open("mlp")
    assert read_inputs(session).mode == RunMode()


def test_a_run_without_values_is_in_the_mode(session: Session) -> None:
    ran = dry_pass(session)
    assert "0 bytes kept for backward" in ran.text
    assert "run in eval, no_grad" in ran.text


def test_a_backward_of_it_says_why_there_is_none(session: Session) -> None:
    forward_pass(session)
    problem = backward_pass(session).problem
    assert problem is not None
    assert "no_grad" in problem.text


def test_running_again_to_keep_a_call_is_in_the_same_mode(session: Session) -> None:
    forward_pass(session)
    set_inputs(session, [""], RunMode())
    done = keep_call(session, CallTensor(run=1, call=2))
    assert done.text.endswith("the same numbers in all 3 calls")


def test_inputs_are_converted_for_the_run_and_X_stays(session: Session) -> None:
    set_inputs(session, [""], RunMode(input_dtype="float64"))
    problem = forward_pass(session).problem
    assert problem is not None
    assert "Double" in problem.message or "double" in problem.message
    assert session.namespace["X"].dtype is torch.float32


@pytest.mark.parametrize(
    "mode", [RunMode("eval", "no_grad"), RunMode("", "", "bfloat16"), RunMode("train", "", "", "float32")]
)
def test_the_session_as_a_script_does_the_same(session: Session, mode: RunMode) -> None:
    set_inputs(session, [""], mode)
    torch.manual_seed(0)
    forward_pass(session)
    expected = session.namespace["output"]
    names = {"net": session.root, "torch": torch, "args": session.inputs.arguments[0], "kwargs": {}}
    names["X"] = session.namespace["X"]
    torch.manual_seed(0)
    exec(forward_code("net(X)", mode, "cpu"), names)
    assert names["output"].equal(expected)
    assert names["output"].requires_grad is expected.requires_grad
    assert [module.training for module in session.root.modules()] == [True] * 3
    assert forward_code("net(X)", mode, "cpu") in export(session, "session", "").text


def test_a_checkpoint_runs_in_no_mode(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, tmp_path / "w.pt")
    with pytest.raises(EngineProblem):
        Session().open(str(tmp_path / "w.pt"), mode=RunMode("eval"))


def test_run_reports_the_mode_and_the_inputs_as_they_were() -> None:
    session = opened_headless()
    session.inputs.mode = RunMode("eval", "no_grad", "bfloat16", "float64")
    report = ran_headless(session, dry=True)
    asked = {
        "training": "eval",
        "gradients": "no_grad",
        "autocast": "bfloat16",
        "input_dtype": "float64",
        "warm_up": None,
    }
    assert report["mode"] == asked
    assert report["inputs"] == [{"shape": [2, 20], "dtype": "float64"}]
    session.inputs.mode = RunMode("eval")
    report = ran_headless(session)
    assert report["mode"] == dict.fromkeys(asked) | {"training": "eval"}
    assert report["calls"][0]["mode"] == ["eval"]
