"""What statements and undoing do to an open model, and which events report that.

Of `session`, `statement`, `undoing`, and the engine's handlers that call them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models import messages as m
from models.engine.handlers import runs as run_handlers
from models.messages.errors import EngineProblem
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.observed import NeverCancelled, ObservedSession


def test_the_tree_follows_the_name_net() -> None:
    observed = ObservedSession("rgnet")
    event = observed.state_after("from models.examples.custom_block import MLP; net = MLP()")
    assert event.structure
    assert event.summary.class_name == "MLP"
    assert observed.paths() == ["", "hidden", "hidden.weight", "hidden.bias", "out", "out.weight", "out.bias"]
    assert observed.run("rgnet is net").value == "True"
    assert observed.session.live.node("out.bias").item is observed.session.namespace["net"].out.bias


def test_the_tree_follows_the_networks_own_name() -> None:
    observed = ObservedSession("rgnet")
    assert observed.state_after("rgnet = nn.Sequential(nn.Linear(2, 1))").structure
    assert observed.run("net is rgnet").value == "True"
    assert observed.paths() == ["", "0", "0.weight", "0.bias"]


CHANGES = [
    ("net.added = nn.ReLU()", True),
    ("net[1] = nn.Linear(4, 2)", True),
    ("del net[1]", True),
    ("net[1] = nn.Sequential(net[1])", True),
    ("net[1].weight = nn.Parameter(net[1].weight.detach().clone())", True),
    ("net[1].bias = None", True),
    ("net[1].weight.requires_grad_(False)", True),
    ("net.requires_grad_(False)", True),
    ("net.half()", True),
    ("net[1].weight.data = net[1].weight.data[:, :2]", True),
    ("net.register_buffer('count', torch.zeros(1))", True),
    ("net.note = torch.zeros(1)", True),
    ("net.hidden = [nn.ReLU()]", True),
    ("net[1].__class__ = nn.Bilinear", True),
    ("net._modules['1'], net._modules['0'] = net[0], net[1]", True),
    ("net._parameters = {'w': nn.Parameter(torch.ones(1))}", True),
    ("net.count = 3", False),
    ("net.name = 'mine'; net.sizes = [1, 2]; net.table = {'a': (1, None)}", False),
    ("net.eval()", False),
    ("net[1].weight.data.mul_(2)", False),
    ("1 + 1", False),
]


@pytest.mark.parametrize(("text", "structure"), CHANGES)
def test_changes_of_structure_are_reported(text: str, structure: bool) -> None:
    observed = ObservedSession("rgnet")
    observed.run("1")
    event = observed.state_after(text)
    assert event.structure is structure
    assert not observed.state_after("None").structure
    # what is kept is what a new walk would find
    from models.live.live_tree import LiveTree

    fresh = LiveTree.of(observed.session.root, "rgnet")
    assert fresh.same_structure(observed.session.model.tree)


def test_plain_containers_are_followed_as_they_grow() -> None:
    observed = ObservedSession("rgnet")
    assert not observed.state_after("net.steps = []").structure
    assert observed.state_after("net.steps.append(torch.ones(2))").structure
    assert "steps[0]" in observed.paths()
    assert observed.state_after("net.steps[0] = torch.ones(2)").structure
    assert not observed.state_after("net.steps[0].add_(1)").structure
    assert observed.state_after("net.steps.clear()").structure
    assert "steps[0]" not in observed.paths()


def test_a_layer_in_a_plain_list_is_said_to_be_called(tmp_path: Path) -> None:
    file = tmp_path / "listed.py"
    file.write_text(
        "from torch import nn\n\n\nclass Listed(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.layers = [nn.Linear(2, 2)]\n\n"
        "    def forward(self, X):\n        return self.layers[0](X)\n"
    )
    session = Session()
    session.open(f"{file}:Listed", inputs=["1x2"])
    forward_pass(session)
    facts = {fact.label: fact.text for group in session.describe("layers[0]") for fact in group.facts}
    assert facts["Called"] == "once"


def test_what_the_header_shows_follows() -> None:
    observed = ObservedSession("rgnet")
    before = observed.session.summary()
    assert (before.mode, before.dtype) == ("train", "float32")
    assert observed.state_after("net.eval()").summary.mode == "eval"
    assert observed.state_after("net[1].train()").summary.mode == "mixed"
    frozen = observed.state_after("net[1].requires_grad_(False)").summary
    assert (frozen.parameters, frozen.trainable) == (before.parameters, before.trainable - 5)
    half = observed.state_after("net.half()").summary
    assert (half.dtype, half.bytes) == ("float16", before.bytes // 2)
    assert observed.state_after("net.append(nn.Linear(1, 1))").summary.rows == before.rows + 3


def test_folds_outlive_a_change_of_structure() -> None:
    observed = ObservedSession("rgnet")
    observed.session.model.fold_state.fold("0.block 0", "open")
    shown = len(observed.session.model.fold_state)
    observed.run("net.added = nn.ReLU()")
    assert len(observed.session.model.fold_state) == shown + 1
    kept = observed.session.model.fold_state
    observed.run("1 + 1")
    assert observed.session.model.fold_state is kept


def test_search_follows_a_change_of_structure() -> None:
    observed = ObservedSession("rgnet")
    assert observed.session.model.searcher.hits("added") == []
    observed.run("net.added = nn.ReLU()")
    hits = observed.session.model.searcher.hits("added")
    assert [observed.session.model.tree.nodes[hit].path for hit in hits] == ["added"]


def test_changed_values_are_reported_and_marked() -> None:
    observed = ObservedSession("shared")
    assert observed.run("net[2].weight.data[0] = 1").changed == ["2.weight", "4.weight"]
    assert observed.session.model.marked == {"", "2", "2.weight", "4", "4.weight"}
    event = observed.state_after("1 + 1")
    assert (event.values, event.changed) == (True, [])  # the marks go
    event = observed.state_after("1 + 1")
    assert (event.values, event.changed) == (False, [])


def test_undo_within_the_console() -> None:
    observed = ObservedSession("rgnet")
    before = {path: tensor.clone() for path, tensor in observed.session.root.state_dict().items()}
    observed.run("net[1].bias.data.fill_(7)")
    assert observed.run("undo()").changed == ["1.bias"]
    assert torch.equal(observed.session.root[1].bias, before["1.bias"])
    # what the same statement did before is a change of its own
    observed.run("net[1].bias.data.fill_(8); undo(); after = net[1].bias.item()")
    assert observed.session.namespace["after"] == before["1.bias"].item()
    run_handlers.undo(observed.session, m.Undo(), NeverCancelled())
    assert "after" not in observed.session.namespace  # what it did after that is another
    with pytest.raises(EngineProblem, match="nothing to undo"):
        run_handlers.undo(observed.session, m.Undo(), NeverCancelled())
    assert "nothing to undo" in str(run_statement(observed.session, "undo()").problem)


def test_undo_of_backward_and_of_clearing_gradients() -> None:
    observed = ObservedSession("rgnet")
    session = observed.session
    parameters = list(session.root.parameters())
    forward_pass(session)
    assert backward_pass(session).problem is None
    gradients = [parameter.grad.clone() for parameter in parameters]
    event = observed.events[-1]
    assert isinstance(event, m.StateChanged)
    assert (event.gradients, event.values) == (True, False)
    assert run_handlers.zero_gradients(session, m.ZeroGradients(), NeverCancelled()).text.startswith("cleared")
    assert all(parameter.grad is None for parameter in parameters)
    run_handlers.undo(session, m.Undo(), NeverCancelled())
    assert all(torch.equal(p.grad, g) for p, g in zip(parameters, gradients, strict=True))
    run_handlers.undo(session, m.Undo(), NeverCancelled())
    assert all(parameter.grad is None for parameter in parameters)


def test_a_text_too_deep_to_be_read_is_the_statements_problem() -> None:
    observed = ObservedSession()
    done = run_statement(observed.session, "-" * 100_000 + "1")
    assert done.problem is not None
    assert done.problem.type in ("MemoryError", "RecursionError", "SyntaxError")
    assert observed.run("1 + 1").value == "2"


def test_the_header_says_that_net_is_another_network_than_was_opened_until_it_is_that_one_again() -> None:
    observed = ObservedSession()
    observed.run("first = net")
    assert not observed.session.summary().rebound
    change = observed.state_after("net = nn.Sequential(nn.Linear(2, 3))")
    assert change.summary.rebound
    assert (change.summary.source, change.summary.parameters) == ("rgnet", 9)
    assert not observed.state_after("net = first").summary.rebound
