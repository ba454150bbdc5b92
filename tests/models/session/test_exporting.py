"""Of `exporting`, `journal`: the last run and the session as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from models.messages.errors import EngineProblem
from models.session.exporting import export
from models.session.journal import Journal
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import clear_gradients

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = nn.Linear(3, width)
    def forward(self, x):
        return {"logits": self.fc(x), "loss": self.fc(x).square().mean()}

nets = {"a": Net(5)}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net of mine.py").write_text(NET)
    (tmp_path / "mynets.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def opened(source: str, **how: object) -> Session:
    session = Session()
    session.open(source, seed=3, **how)  # type: ignore[arg-type]
    return session


def replayed(session: Session, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Run the session's file, and return its names."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mynets", raising=False)  # as in a process of its own
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(export(session, "session").text, "session.py", "exec"), names)
    return names


@pytest.mark.parametrize(
    "source", ["net of mine.py:Net", "mynets.py:Net(7)", "mynets:Net", "mynets.py:nets['a']", "rgnet", "shared"]
)
def test_the_session_as_python_does_it_again(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(source) if ":" not in source else opened(source, inputs=["2x3"])
    assert forward_pass(session).problem is None
    assert backward_pass(session).problem is None
    run_statement(session, "total = sum(p.grad.abs().sum() for p in net.parameters())")
    run_statement(session, "for p in net.parameters():\n    p.data += 1\n")
    assert run_statement(session, "net(1)\n# it's a \x1b[31m comment").problem is not None
    clear_gradients(session)
    run_statement(session, "after = net(X)")
    names = replayed(session, monkeypatch)
    for name in ("X", "total"):
        assert torch.equal(names[name], session.namespace[name]), name  # type: ignore[arg-type]
    ours, theirs = (each["after"] for each in (names, session.namespace))
    if isinstance(ours, dict):
        ours, theirs = ours["loss"], theirs["loss"]
    assert torch.equal(ours, theirs)  # type: ignore[arg-type]
    text = export(session, "session").text
    assert "# raised " in text
    assert "\x1b" not in text


def test_a_weighted_start_is_said_in_full(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "soft.py").write_text(
        "from torch import nn\ndef make():\n    return nn.Sequential(nn.Linear(3, 4), nn.Softmax(1))\n"
    )
    session = opened("soft.py:make", inputs=["2x3"])
    forward_pass(session)
    backward_pass(session)
    names = replayed(session, monkeypatch)
    assert torch.equal(names["net"][0].weight.grad, session.root[0].weight.grad)  # type: ignore[index, union-attr, arg-type]


def test_a_session_on_a_checkpoint_reads_its_tensors(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    held = torch.arange(4.0)
    torch.save({"model": {"a.weight": held}, "epoch": 3}, folder / "w.pt")
    session = Session()
    session.open("w.pt")
    run_statement(session, "doubled = state['model.a.weight'] * 2")
    run_statement(session, "state['nothing']")
    names = replayed(session, monkeypatch)
    assert torch.equal(names["doubled"], 2 * held)  # type: ignore[arg-type]
    assert "# raised KeyError" in export(session, "session").text


def test_a_session_on_a_file_that_was_trusted_loads_it(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    torch.save(net, folder / "whole.pt")
    session = Session()
    session.open("whole.pt", trust=True, inputs=["1x2"], seed=1)
    run_statement(session, "net[0].weight.data[0, 0] = 5")
    forward_pass(session)
    names = replayed(session, monkeypatch)
    assert torch.equal(names["net"][0].weight, session.root[0].weight)  # type: ignore[index, union-attr, arg-type]
    assert torch.equal(names["output"], session.namespace["output"])  # type: ignore[arg-type]


@pytest.mark.parametrize("is_list", [False, True])
def test_a_session_on_a_trusted_file_that_holds_a_network_takes_it_from_there(
    is_list: bool, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    torch.save([3, net] if is_list else {"epoch": 3, "model": net}, folder / "held.pt")
    session = Session()
    session.open("held.pt", trust=True)
    inner = "net" if is_list else "net['model']"
    run_statement(session, f"weight = {inner}[0].weight")
    checkpoint: Any = session.namespace["checkpoint"]
    assert session.namespace["weight"] is checkpoint[1 if is_list else "model"][0].weight
    names = replayed(session, monkeypatch)
    assert torch.equal(names["weight"], net[0].weight)  # type: ignore[arg-type]
    assert "has to be made" not in export(session, "session").text


def test_what_cannot_be_said_in_python_is_a_comment() -> None:
    hostile = "a.ckpt\nimport os; os.abort()"
    for line in Journal(hostile, inputs="1)\nimport os; os.abort()").script("x").splitlines():
        assert line.startswith(("#", "import torch", "from torch", "x = net")) or not line


def test_the_forms_of_a_run() -> None:
    session = opened("rgnet")
    with pytest.raises(EngineProblem) as refused:
        export(session, "markdown")
    assert refused.value.problem.title == "Nothing has run yet"
    forward_pass(session)
    assert export(session, "markdown").text.startswith("### Run of `rgnet`\n")
    assert export(session, "mermaid").text.startswith("flowchart TD\n")
    found = export(session, "dot", "0.block 1")
    assert (found.name, found.ending) == ("rgnet-0.block_1-dataflow", "dot")
    assert found.text.startswith('digraph "0.block 1" {\n')
    with pytest.raises(EngineProblem) as refused:
        export(session, "dot", "0.block 1.0")
    assert "is one operation" in refused.value.problem.title
    assert export(session, "chrome").text.startswith('{"traceEvents": [')


def test_a_failed_run_says_so() -> None:
    session = opened("mlp", inputs=["2x7"])
    forward_pass(session)
    text = export(session, "markdown").text
    assert text.startswith("### Failed run of `mlp`\n")
    assert "**Failed** in `hidden: linear, at custom_block.py:19, with [2, 7] x [256, 20] x [256]`" in text
    assert "**Why**: `` `hidden` expects 20 features, got 7" in text


def test_a_report_of_a_run_that_goes_on_says_so(folder: Path) -> None:
    session = opened("mynets.py:Net", inputs=["2x3"])
    written: list[str] = []
    session.root.fc.register_forward_pre_hook(lambda module, args: written.append(export(session, "markdown", "").text))
    forward_pass(session)
    note = "- note: `the run went on when this was written: its calls so far`"
    assert note in written[0].splitlines()
    assert note not in export(session, "markdown", "").text.splitlines()


def test_the_inputs_lie_where_the_network_does(monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened("mlp", device="meta")
    names = replayed(session, monkeypatch)
    assert all(parameter.is_meta for parameter in names["net"].parameters())  # type: ignore[attr-defined]
    assert names["X"].is_meta  # type: ignore[attr-defined]
