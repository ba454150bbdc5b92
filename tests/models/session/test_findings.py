"""The findings that a session is asked for: its optimizers, its last run, and no more values than are wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.engine.handlers.findings import Seldom
from models.messages import FoundFindings, StatisticsOfAll
from models.session import findings as findings_of_session
from models.session.findings import findings_of_checkpoint, read_findings
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.work.cancelled import Cancelled
from tests.models.session.observed import NeverCancelled


def opened(source: str) -> Session:
    session = Session()
    session.open(source, seed=0)
    return session


def texts(found: FoundFindings, kind: str) -> list[str]:
    return [each.text for each in found.findings if each.kind == kind]


def test_optimizers_of_the_console_are_asked() -> None:
    session = opened("mlp")
    assert not texts(read_findings(session), "optimizer_incomplete")
    run_statement(session, "opt = torch.optim.SGD(net.hidden.parameters(), lr=0.1)")
    assert texts(read_findings(session), "optimizer_incomplete") == [
        "2 of 4 trainable parameters in no optimizer: out.weight, out.bias"
    ]
    run_statement(session, "opt.add_param_group({'params': net.out.parameters()})")
    assert not texts(read_findings(session), "optimizer_incomplete")


def test_optimizers_are_looked_at_without_the_parameters_of_the_users_class(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Sequential):\n"
        "    def __init__(self): super().__init__(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))\n"
        "    def parameters(self, which): raise TypeError(which)\n"
        "class Unready(torch.optim.Optimizer):\n"
        "    def __init__(self): pass\n"
        "net, both, unready = Net(), {'g': Net(), 'd': Net()}, Unready()\n"
        "opt = torch.optim.SGD(list(torch.nn.Module.parameters(net[0])), lr=0.1)\n"
        "half = torch.optim.SGD(list(torch.nn.Module.parameters(both['g'])), lr=0.1)\n"
    )
    for name in ("Net", "net", "both"):
        missing = texts(read_findings(opened(f"{tmp_path}/train.py:{name}")), "optimizer_incomplete")
        assert [each.partition(":")[0] for each in missing] == {
            "Net": [],
            "net": ["2 of 4 trainable parameters in no optimizer"],
            "both": ["4 of 8 trainable parameters in no optimizer"],
        }[name]


def test_an_optimizer_of_the_file_for_its_own_object_is_not_one_of_the_class_that_is_opened(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Sequential):\n"
        "    def __init__(self): super().__init__(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))\n"
        "model = Net()\n"
        "opt = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "half = torch.optim.SGD(model[0].parameters(), lr=0.1)\n"
    )
    session = opened(f"{tmp_path}/train.py:Net")
    assert not texts(read_findings(session), "optimizer_incomplete")
    run_statement(session, "mine = torch.optim.SGD(net.parameters(), lr=0.1)")
    run_statement(session, "net[0] = nn.Linear(2, 2); net[1] = nn.Linear(2, 2)")
    (text,) = texts(read_findings(session), "optimizer_incomplete")
    assert text.endswith("instead 4 tensors that the network held before: make the optimizer anew")
    session = opened(f"{tmp_path}/train.py:model")
    assert not texts(read_findings(session), "optimizer_incomplete")
    run_statement(session, "del opt")
    (text,) = texts(read_findings(session), "optimizer_incomplete")
    assert text.startswith("2 of 4 trainable parameters in no optimizer: 1.weight, 1.bias")


TWINS = {
    "copied": "from copy import deepcopy; twin = deepcopy(net); opt = torch.optim.SGD(twin.parameters(), lr=0.1)",
    "made anew": "twin = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)); opt = torch.optim.Adam(twin.parameters())",
    "a step away": "from copy import deepcopy; twin = deepcopy(net); opts = {0: torch.optim.Adam(twin.parameters())}",
}


@pytest.mark.parametrize("statement", TWINS.values(), ids=TWINS)
def test_an_optimizer_of_a_twin_made_in_the_console_is_no_finding(statement: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\nnet = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))\n"
    )
    session = opened(f"{tmp_path}/net.py:net")
    assert run_statement(session, statement).problem is None
    assert not texts(read_findings(session), "optimizer_incomplete")
    run_statement(session, "mine = torch.optim.SGD(net[0].parameters(), lr=0.1)")
    (text,) = texts(read_findings(session), "optimizer_incomplete")
    assert text == "2 of 4 trainable parameters in no optimizer: 1.weight, 1.bias"


def test_an_optimizer_of_what_the_console_made_and_replaced_again_is_found(tmp_path: Path) -> None:
    session = opened("mlp")
    run_statement(session, "net.out = nn.Linear(256, 10)")
    run_statement(session, "opt = torch.optim.SGD(net.parameters(), lr=0.1)")
    run_statement(session, "net.out = nn.Linear(256, 10)")
    (text,) = texts(read_findings(session), "optimizer_incomplete")
    assert text.startswith("2 of 4 trainable parameters in no optimizer: out.weight, out.bias; instead 2 tensors")
    run_statement(session, "net = type(net)()")
    (text,) = texts(read_findings(session), "optimizer_incomplete")
    assert text.startswith("4 of 4 trainable parameters in no optimizer")


def test_a_loss_that_a_statement_takes_of_the_result_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc, self.sm = torch.nn.Linear(4, 3), torch.nn.Softmax(1)\n"
        "    def forward(self, x): return self.sm(self.fc(x))\n"
    )
    session = opened(f"{tmp_path}/net.py:Net")
    run_statement(session, "loss = F.nll_loss(net(X).log(), torch.tensor([0, 1]))")
    assert not texts(read_findings(session), "loss_input")
    run_statement(session, "crit = nn.CrossEntropyLoss(); loss = crit(net(X), torch.tensor([0, 1]))")
    (text,) = texts(read_findings(session), "loss_input")
    assert text.startswith("cross_entropy reads what `sm` gives at net.py:6, and takes the softmax itself")
    (found,) = [each for each in read_findings(session).findings if each.kind == "loss_input"]
    assert (found.call, found.path) == (None, "")


TRAINER = """
import torch
from torch import nn

class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
        self.steps = {steps}

class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 1)
        self.step = torch.optim.SGD(self.first.parameters(), lr=0.1)
    def forward(self, x):
        return self.last(self.first(x))

trainer = Trainer()
"""


@pytest.mark.parametrize(
    ("steps", "target"),
    [
        ("torch.optim.SGD(self.model[0].parameters(), lr=0.1)", "trainer.model"),
        ("[torch.optim.SGD(self.model[0].parameters(), lr=0.1)]", "trainer.model"),
        ("{'a': torch.optim.Adam(self.model[0].parameters())}", "trainer.model"),
        ("None", "Own"),
    ],
)
def test_optimizers_of_a_trainer_and_of_the_network_itself_are_asked(tmp_path: Path, steps: str, target: str) -> None:
    (tmp_path / "trainer.py").write_text(TRAINER.replace("{steps}", steps))
    session = opened(f"{tmp_path}/trainer.py:{target}")
    (found,) = texts(read_findings(session), "optimizer_incomplete")
    assert found.startswith("2 of 4 trainable parameters in no optimizer: ")


def test_an_optimizer_of_a_trainer_of_another_network_is_no_finding_about_a_class_that_is_opened(
    tmp_path: Path,
) -> None:
    text = TRAINER.replace("{steps}", "torch.optim.SGD(self.model.parameters(), lr=0.1)")
    text += "class Like(nn.Sequential):\n    def __init__(self): super().__init__(nn.Linear(3, 3), nn.Linear(3, 1))\n"
    (tmp_path / "trainer.py").write_text(text)
    assert not texts(read_findings(opened(f"{tmp_path}/trainer.py:Like")), "optimizer_incomplete")


def test_an_optimizer_of_a_trainer_that_holds_all_is_no_finding(tmp_path: Path) -> None:
    text = TRAINER.replace("{steps}", "torch.optim.SGD(self.model.parameters(), lr=0.1)")
    (tmp_path / "trainer.py").write_text(text)
    assert not texts(read_findings(opened(f"{tmp_path}/trainer.py:trainer.model")), "optimizer_incomplete")


def test_values_are_those_of_now() -> None:
    session = opened("mlp")
    assert not texts(read_findings(session), "nan")
    run_statement(session, "with torch.no_grad(): net.out.bias[3] = float('nan')\n")
    assert texts(read_findings(session), "nan") == ["1 of 10 elements of the parameter is NaN"]
    undo_last(session)
    assert not texts(read_findings(session), "nan")


def test_what_is_beyond_the_limit_is_said_not_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_of_session, "VALUES_LIMIT", 25_000)
    found = read_findings(opened("mlp"))
    # hidden.weight has 20,480 bytes, its bias 1,024; out.weight, with 10,240, is too much then
    assert found.looked_at == "3 modules, 4 tensors, no run yet; the values of 1 large tensor were not read"


def test_a_result_that_backward_cannot_start_from_is_a_finding() -> None:
    session = opened("mlp")
    session.root.requires_grad_(False)
    forward_pass(session)
    assert not texts(read_findings(session), "failure")
    backward_pass(session)
    assert texts(read_findings(session), "failure") == [
        "backward failed: Every parameter of the network is frozen: requires_grad_() makes parameters trainable."
    ]
    assert [each.path for each in read_findings(session).findings if each.kind == "failure"] == [""]


def test_a_backward_before_any_forward_says_to_run_it() -> None:
    problem = backward_pass(opened("mlp")).problem
    assert problem is not None
    assert problem.text == "Run forward first."


def test_a_failed_backward_is_a_finding_until_the_next_forward() -> None:
    session = opened("mlp")
    run_statement(session, "net.out.register_full_backward_hook(lambda *args: 1 / 0)")
    forward_pass(session)
    assert backward_pass(session).problem is not None
    assert texts(read_findings(session), "failure") == ["ZeroDivisionError: division by zero"]
    session.root.out._backward_hooks.clear()  # type: ignore[union-attr, operator]
    forward_pass(session)
    assert not texts(read_findings(session), "failure")


def test_of_a_checkpoint_only_what_is_known_is_said(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(3, 3), "b.bias": torch.tensor([1.0, float("nan")])}, tmp_path / "model.pt")
    session = opened(str(tmp_path / "model.pt"))
    found = read_findings(session)
    assert found.findings == []
    assert found.looked_at == "what the files say of themselves; no values were read, A does"
    session.model.statistics_of_all(StatisticsOfAll(path=""), NeverCancelled())  # type: ignore[arg-type]
    assert [each.kind for each in read_findings(session).findings] == ["nan", "all_zero"]
    assert read_findings(session).findings == findings_of_checkpoint(session, read=True).findings


@pytest.mark.parametrize("read", [True, False])
def test_looking_at_a_checkpoint_is_cancelled(tmp_path: Path, read: bool) -> None:
    torch.save({"a.weight": torch.zeros(3, 3)}, tmp_path / "model.pt")
    session = opened(str(tmp_path / "model.pt"))
    session.model.statistics_of_all(StatisticsOfAll(path=""), NeverCancelled())  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        findings_of_checkpoint(session, read, should_cancel=lambda: True)


def test_progress_is_reported_seldom_and_not_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, reported = [0.0], list[float]()

    class Context:
        def progress(self, text: str, done: float) -> None:
            reported.append(done)

    monkeypatch.setattr("models.engine.handlers.findings.time.monotonic", lambda: clock[0])
    report = Seldom(Context())  # type: ignore[arg-type]
    for step in range(10):
        clock[0] = step * 0.06
        report(step / 10)
    assert reported == [0.5, 0.7, 0.9]
