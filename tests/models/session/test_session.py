"""An open model: what opening, statements and requests do to it, and which events report that.

Tests the whole folder, `session`, `statement`, `passes` and `undoing`, and the engine's handlers that call it.
"""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import pytest
import torch

from models import messages as m
from models.engine.handlers import about, tree, values
from models.engine.handlers import runs as run_handlers
from models.messages.errors import EngineProblem
from models.session.passes import backward_pass, forward_pass
from models.session.runs import RUNS_KEPT
from models.session.session import Session
from models.session.statement import run_statement


class ObservedSession:
    """A session and the events that it emitted."""

    def __init__(self, source: str = "rgnet") -> None:
        self.events: list[object] = []
        self.session = Session(self.events.append)
        self.session.open(source)

    def run(self, text: str) -> m.Executed:
        done = run_statement(self.session, text)
        assert done.problem is None, done.problem
        return done

    def state_after(self, text: str) -> m.StateChanged:
        """Return the event on the state after running `text`."""
        self.run(text)
        event = self.events[-1]
        assert isinstance(event, m.StateChanged)
        return event

    def paths(self) -> list[str]:
        return [node.path for node in self.session.model.tree.nodes]


class NeverCancelled:
    """The context of a request that is never cancelled."""

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None:
        pass


def test_nothing_is_open_at_first() -> None:
    session = Session()
    assert not session.is_open
    with pytest.raises(EngineProblem, match="Nothing is open"):
        session.live.node("")


@pytest.mark.parametrize("source", ["no_such_network", "missing.py:net", "rgnet extra"])
def test_what_was_open_stays_when_opening_fails(source: str) -> None:
    observed = ObservedSession("mlp")
    root, before = observed.session.root, observed.session.namespace
    observed.run("kept = 7")
    with pytest.raises(EngineProblem):
        observed.session.open(source)
    assert observed.session.root is root
    assert observed.session.namespace is before
    assert observed.run("kept").value == "7"
    assert observed.session.summary().source == "mlp"


def test_an_input_that_cannot_be_had_keeps_the_old_model_too() -> None:
    observed = ObservedSession("mlp")
    root = observed.session.root
    with pytest.raises(EngineProblem):
        observed.session.open("rgnet", inputs=["float32[no"])
    assert observed.session.root is root
    assert observed.session.summary().source == "mlp"


def test_opening_another_forgets_runs_and_names() -> None:
    observed = ObservedSession("mlp")
    forward_pass(observed.session)
    observed.run("mine = 1")
    observed.session.open("sequential")
    assert not observed.session.runs.kept
    assert observed.session.result is None
    assert run_statement(observed.session, "mine").problem is not None
    with pytest.raises(EngineProblem, match="nothing to undo"):
        run_handlers.undo(observed.session, m.Undo(), NeverCancelled())


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


def test_what_the_header_tells_follows() -> None:
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


def test_a_limited_number_of_runs_is_kept() -> None:
    observed = ObservedSession("mlp")
    for _ in range(RUNS_KEPT + 5):
        forward_pass(observed.session)
    assert list(observed.session.runs.kept) == list(range(6, RUNS_KEPT + 6))
    with pytest.raises(EngineProblem, match="no longer kept"):
        run_handlers.call_rows(observed.session, m.CallRows(run=5, start=0, count=9), NeverCancelled())
    assert run_handlers.call_rows(observed.session, m.CallRows(run=25, start=0, count=9), NeverCancelled()).total == 4


def request_everything(session: Session) -> None:
    """Make every kind of request about everything that is open."""
    context = NeverCancelled()
    tree.fold(session, m.Fold(path="", how="all", limit=0), context)
    rows = tree.tree_rows(session, m.TreeRows(start=0, count=500), context).rows
    tree.tensor_rows(session, m.TensorRows(path="", start=0, count=500), context)
    tree.search(session, m.Search(query="weight", limit=20), context)
    values.gradient_rows(session, m.GradientRows(path="", start=0, count=500), context)
    for row in rows:
        about.describe(session, m.Describe(path=row.path), context)
        about.path_forms(session, m.PathForms(path=row.path), context)
        if row.kind in ("module", "hidden"):
            about.source_code(session, m.SourceCode(path=row.path), context)
            continue
        for of in ("value", "gradient"):
            window = m.Window(path=row.path, of=of, row=0, rows=20, column=0, columns=20)
            values.window(session, window, context)
            values.heat(session, m.HeatMap(path=row.path, of=of, height=8, width=8), context)
            values.statistics(session, m.Statistics(path=row.path, of=of), context)


NORMALISED = """\
import torch
from torch import nn

def net():
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.LazyLinear(2)).eval()
"""


def test_requests_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "normalised.py"
    file.write_text(NORMALISED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazy modules are new, says torch
        observed = ObservedSession(f"{file}:net")
    session = observed.session
    state = torch.get_rng_state()
    flags = [module.training for module in session.root.modules()]
    tensors = [tensor for tensor in session.root.state_dict(keep_vars=True).values() if tensor.numel]
    versions = [tensor._version for tensor in tensors[:-2]]  # the last two have no values yet
    written = {path: tensor.clone() for path, tensor in list(session.root.state_dict().items())[:-2]}
    files = sorted(tmp_path.iterdir())
    request_everything(session)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in session.root.modules()] == flags
    assert [tensor._version for tensor in tensors[:-2]] == versions
    assert all(torch.equal(session.root.state_dict()[path], tensor) for path, tensor in written.items())
    assert session.root[3].has_uninitialized_params()
    assert sorted(tmp_path.iterdir()) == files
    assert observed.events == []


def test_looks_at_gradients_change_nothing() -> None:
    observed = ObservedSession("rgnet")
    forward_pass(observed.session)
    backward_pass(observed.session)
    gradients = [parameter.grad for parameter in observed.session.root.parameters()]
    versions = [gradient._version for gradient in gradients]
    request_everything(observed.session)
    assert [parameter.grad for parameter in observed.session.root.parameters()] == gradients
    assert [gradient._version for gradient in gradients] == versions
    assert not observed.run("1 + 1").changed


def test_pages_are_answered_while_statements_run() -> None:
    observed = ObservedSession("rgnet")
    failures: list[BaseException] = []
    pages: list[int] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                context = NeverCancelled()
                tree.fold(observed.session, m.Fold(path="", how="all", limit=0), context)
                page = tree.tree_rows(observed.session, m.TreeRows(start=0, count=500), context)
                assert page.rows[0].path == ""
                assert len(page.rows) <= page.total
                tree.tensor_rows(observed.session, m.TensorRows(path="", start=0, count=500), context)
                tree.search(observed.session, m.Search(query="0 w", limit=5), context)
                pages.append(page.total)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for turn in range(20):
        observed.run("net.append(nn.Linear(1, 1))" if turn % 3 else "net(X); net.half().float()")
        if turn % 10 == 9:
            observed.run("del net[2:]")
    over.set()
    thread.join()
    assert failures == []
    assert len(set(pages)) > 1


def open_file(tmp_path: Path, text: str) -> ObservedSession:
    file = tmp_path / "nets.py"
    file.write_text(f"import torch\nfrom torch import nn\n{text}\n")
    return ObservedSession(f"{file}:Net")


def test_a_network_without_a_known_input_says_what_to_do_and_takes_the_consoles(tmp_path: Path) -> None:
    observed = open_file(tmp_path, "class Net(nn.LazyLinear):\n    def __init__(self): super().__init__(3)")
    ran = forward_pass(observed.session)
    assert ran.problem is not None
    assert "X = torch.rand(2, 20)" in ran.problem.text
    observed.run("X = torch.rand(5, 2)")
    assert forward_pass(observed.session).text.startswith("[5, 3]")


def test_the_consoles_keyword_arguments_count(tmp_path: Path) -> None:
    text = "class Net(nn.Linear):\n    def __init__(self): super().__init__(2, 3)\n"
    observed = open_file(tmp_path, text + "    def forward(self, *, x): return super().forward(x)")
    assert forward_pass(observed.session).problem is not None
    observed.run("X = 1; kwargs = {'x': torch.rand(4, 2)}")
    assert forward_pass(observed.session).text.startswith("[4, 3]")


def test_a_name_that_utf8_cannot_carry_is_found_by_its_escape(tmp_path: Path) -> None:
    observed = open_file(tmp_path, "def Net(): return nn.ModuleDict({'\\ud800': nn.Linear(1, 1)})")
    assert observed.session.live.node("\\ud800.bias") is observed.session.live.node("\ud800.bias")


def test_a_text_too_deep_to_be_read_is_the_statements_problem() -> None:
    observed = ObservedSession()
    done = run_statement(observed.session, "-" * 100_000 + "1")
    assert done.problem is not None
    assert done.problem.type in ("MemoryError", "RecursionError", "SyntaxError")
    assert observed.run("1 + 1").value == "2"


NETWORKS = """
import torch
from collections import UserDict
from torch import nn

class KeywordOnly(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Linear(3, 2)
    def forward(self, *, a, b):
        return self.e(a) + self.e(b)

def keywords():
    return UserDict(a=torch.ones(2, 3), b=torch.ones(2, 3))

class Misleading(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(5, 3)
    def forward(self, x):
        return self.a(self.b(x))

class Batch(nn.Module):
    def forward(self, features):
        return {"logits": features["x"].sum(), "kept": features}

class WithLoss(nn.Linear):
    def forward(self, x):
        logits = super().forward(x)
        return logits, logits.square().mean()

def with_loss():
    return WithLoss(3, 2)

class Replaces(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)
    def forward(self, x):
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)
        return self.fc(x)
"""


@pytest.fixture
def networks(tmp_path: Path) -> str:
    (tmp_path / "nets.py").write_text(NETWORKS)
    return str(tmp_path / "nets.py")


def test_the_call_that_is_suggested_works(networks: str) -> None:
    session = Session()
    summary = session.open(f"{networks}:KeywordOnly", inputs_from=f"{networks}:keywords")
    assert summary.call == "net(**inputs)"
    assert run_statement(session, summary.call).problem is None
    assert forward_pass(session).problem is None
    run_statement(session, "inputs['a'] = torch.zeros(4, 3); inputs['b'] = torch.zeros(4, 3)")
    assert forward_pass(session).text.startswith("[4, 2]")
    run_statement(session, "inputs = dict(a=torch.zeros(5, 3), b=torch.zeros(5, 3))")
    assert forward_pass(session).text.startswith("[5, 2]")
    assert session.open("rgnet").call == "net(X)"
    assert run_statement(session, "net(X)").problem is None


def test_a_lone_dict_is_the_one_argument(networks: str) -> None:
    session = Session()
    assert session.open(f"{networks}:Batch", inputs_from=f"{networks}:keywords").call == "net(X)"
    assert "missing" not in str(forward_pass(session).problem)


def test_a_guess_that_fails_is_explained(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:Misleading")
    problem = forward_pass(session).problem
    assert problem is not None
    assert "The input torch.rand(2, 3) was a guess from a (Linear)" in problem.text
    assert "--inputs FILE.py:NAME" in problem.text
    run_statement(session, "X = torch.rand(2, 4)")
    problem = forward_pass(session).problem
    assert problem is not None
    assert "was a guess" not in problem.text


def test_backward_starts_from_the_loss_of_a_forward_or_a_statement(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:with_loss", inputs=["4x3"])
    forward_pass(session)
    assert backward_pass(session).text.startswith("from [1]: [] float32")
    run_statement(session, "net(X)")
    assert backward_pass(session).text.startswith("from [1]: [] float32")


def test_what_a_forward_replaced_is_said_with_its_line(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:Replaces", inputs=["2x3"])
    line = NETWORKS.splitlines().index("        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)") + 1
    ran = forward_pass(session)
    assert f"\nthe forward replaced fc.weight (nets.py:{line})" in ran.text
    assert backward_pass(session).problem is None
    assert session.root.fc.weight.grad is not None


def test_the_header_says_that_net_is_another_network_than_was_opened_until_it_is_that_one_again() -> None:
    observed = ObservedSession()
    observed.run("first = net")
    assert not observed.session.summary().rebound
    change = observed.state_after("net = nn.Sequential(nn.Linear(2, 3))")
    assert change.summary.rebound
    assert (change.summary.source, change.summary.parameters) == ("rgnet", 9)
    assert not observed.state_after("net = first").summary.rebound
