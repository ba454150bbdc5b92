"""Facts about an open model: what opening, statements and looks do to it, and what is told of that."""

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
from models.session.session import RUNS_KEPT, Session
from models.session.statement import run_statement


class Heard:
    """A session and the events it told."""

    def __init__(self, source: str = "rgnet") -> None:
        self.events: list[object] = []
        self.session = Session(self.events.append)
        self.session.open(source)

    def run(self, text: str) -> m.Executed:
        done = run_statement(self.session, text)
        assert done.problem is None, done.problem
        return done

    def told(self, text: str) -> m.StateChanged:
        """What was told of the state after `text`."""
        self.run(text)
        event = self.events[-1]
        assert isinstance(event, m.StateChanged)
        return event

    def paths(self) -> list[str]:
        return [node.path for node in self.session.model.outline.nodes]


class Nobody:
    """The context of a request that nobody cancels."""

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
    heard = Heard("mlp")
    root, before = heard.session.root, heard.session.namespace
    heard.run("kept = 7")
    with pytest.raises(EngineProblem):
        heard.session.open(source)
    assert heard.session.root is root
    assert heard.session.namespace is before
    assert heard.run("kept").value == "7"
    assert heard.session.summary().source == "mlp"


def test_an_input_that_cannot_be_had_keeps_the_old_model_too() -> None:
    heard = Heard("mlp")
    root = heard.session.root
    with pytest.raises(EngineProblem):
        heard.session.open("rgnet", inputs=["float32[no"])
    assert heard.session.root is root
    assert heard.session.summary().source == "mlp"


def test_opening_another_forgets_runs_and_names() -> None:
    heard = Heard("mlp")
    forward_pass(heard.session)
    heard.run("mine = 1")
    heard.session.open("sequential")
    assert not heard.session.runs
    assert heard.session.result is None
    assert run_statement(heard.session, "mine").problem is not None
    with pytest.raises(EngineProblem, match="nothing to undo"):
        run_handlers.undo(heard.session, m.Undo(), Nobody())


def test_the_tree_follows_the_name_net() -> None:
    heard = Heard("rgnet")
    event = heard.told("from models.examples.custom_block import MLP; net = MLP()")
    assert event.structure
    assert event.summary.class_name == "MLP"
    assert heard.paths() == ["", "hidden", "hidden.weight", "hidden.bias", "out", "out.weight", "out.bias"]
    assert heard.run("rgnet is net").value == "True"
    assert heard.session.live.node("out.bias").item is heard.session.namespace["net"].out.bias


def test_the_tree_follows_the_networks_own_name() -> None:
    heard = Heard("rgnet")
    assert heard.told("rgnet = nn.Sequential(nn.Linear(2, 1))").structure
    assert heard.run("net is rgnet").value == "True"
    assert heard.paths() == ["", "0", "0.weight", "0.bias"]


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
def test_changes_of_structure_are_told(text: str, structure: bool) -> None:
    heard = Heard("rgnet")
    heard.run("1")
    event = heard.told(text)
    assert event.structure is structure
    assert not heard.told("None").structure
    # what is kept is what a look from scratch would find
    from models.live.outline import Outline

    fresh = Outline.of(heard.session.root, "rgnet")
    assert fresh.same_structure(heard.session.model.outline)


def test_plain_containers_are_followed_as_they_grow() -> None:
    heard = Heard("rgnet")
    assert not heard.told("net.steps = []").structure
    assert heard.told("net.steps.append(torch.ones(2))").structure
    assert "steps[0]" in heard.paths()
    assert heard.told("net.steps[0] = torch.ones(2)").structure
    assert not heard.told("net.steps[0].add_(1)").structure
    assert heard.told("net.steps.clear()").structure
    assert "steps[0]" not in heard.paths()


def test_what_the_header_tells_follows() -> None:
    heard = Heard("rgnet")
    before = heard.session.summary()
    assert (before.mode, before.dtype) == ("train", "float32")
    assert heard.told("net.eval()").summary.mode == "eval"
    assert heard.told("net[1].train()").summary.mode == "mixed"
    frozen = heard.told("net[1].requires_grad_(False)").summary
    assert (frozen.parameters, frozen.trainable) == (before.parameters, before.trainable - 5)
    half = heard.told("net.half()").summary
    assert (half.dtype, half.bytes) == ("float16", before.bytes // 2)
    assert heard.told("net.append(nn.Linear(1, 1))").summary.rows == before.rows + 3


def test_folds_outlive_a_change_of_structure() -> None:
    heard = Heard("rgnet")
    heard.session.model.view.fold("0.block 0", "open")
    shown = len(heard.session.model.view)
    heard.run("net.added = nn.ReLU()")
    assert len(heard.session.model.view) == shown + 1
    kept = heard.session.model.view
    heard.run("1 + 1")
    assert heard.session.model.view is kept


def test_search_follows_a_change_of_structure() -> None:
    heard = Heard("rgnet")
    assert heard.session.model.searcher.hits("added") == []
    heard.run("net.added = nn.ReLU()")
    hits = heard.session.model.searcher.hits("added")
    assert [heard.session.model.outline.nodes[hit].path for hit in hits] == ["added"]


def test_changed_values_are_told_and_marked() -> None:
    heard = Heard("shared")
    assert heard.run("net[2].weight.data[0] = 1").changed == ["2.weight", "4.weight"]
    assert heard.session.model.marked == {"", "2", "2.weight", "4", "4.weight"}
    event = heard.told("1 + 1")
    assert (event.values, event.changed) == (True, [])  # the marks go
    event = heard.told("1 + 1")
    assert (event.values, event.changed) == (False, [])


def test_undo_within_the_console() -> None:
    heard = Heard("rgnet")
    before = {path: tensor.clone() for path, tensor in heard.session.root.state_dict().items()}
    heard.run("net[1].bias.data.fill_(7)")
    assert heard.run("undo()").changed == ["1.bias"]
    assert torch.equal(heard.session.root[1].bias, before["1.bias"])
    # what the same statement did before is a change of its own
    heard.run("net[1].bias.data.fill_(8); undo(); after = net[1].bias.item()")
    assert heard.session.namespace["after"] == before["1.bias"].item()
    with pytest.raises(EngineProblem, match="nothing to undo"):
        run_handlers.undo(heard.session, m.Undo(), Nobody())
    assert "nothing to undo" in str(run_statement(heard.session, "undo()").problem)


def test_undo_of_backward_and_of_clearing_gradients() -> None:
    heard = Heard("rgnet")
    session = heard.session
    parameters = list(session.root.parameters())
    forward_pass(session)
    assert backward_pass(session).problem is None
    gradients = [parameter.grad.clone() for parameter in parameters]
    told = heard.events[-1]
    assert isinstance(told, m.StateChanged)
    assert (told.gradients, told.values) == (True, False)
    assert run_handlers.zero_gradients(session, m.ZeroGradients(), Nobody()).text.startswith("cleared")
    assert all(parameter.grad is None for parameter in parameters)
    run_handlers.undo(session, m.Undo(), Nobody())
    assert all(torch.equal(p.grad, g) for p, g in zip(parameters, gradients, strict=True))
    run_handlers.undo(session, m.Undo(), Nobody())
    assert all(parameter.grad is None for parameter in parameters)


def test_a_limited_number_of_runs_is_kept() -> None:
    heard = Heard("mlp")
    for _ in range(RUNS_KEPT + 5):
        forward_pass(heard.session)
    assert list(heard.session.runs) == list(range(6, RUNS_KEPT + 6))
    with pytest.raises(EngineProblem, match="no longer kept"):
        run_handlers.call_rows(heard.session, m.CallRows(run=5, start=0, count=9), Nobody())
    assert run_handlers.call_rows(heard.session, m.CallRows(run=25, start=0, count=9), Nobody()).total == 4


def look(session: Session) -> None:
    """Every kind of look at everything that is open."""
    context = Nobody()
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


def test_looks_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "normalised.py"
    file.write_text(NORMALISED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazy modules are new, says torch
        heard = Heard(f"{file}:net")
    session = heard.session
    state = torch.get_rng_state()
    flags = [module.training for module in session.root.modules()]
    tensors = [tensor for tensor in session.root.state_dict(keep_vars=True).values() if tensor.numel]
    versions = [tensor._version for tensor in tensors[:-2]]  # the last two have no values yet
    written = {path: tensor.clone() for path, tensor in list(session.root.state_dict().items())[:-2]}
    files = sorted(tmp_path.iterdir())
    look(session)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in session.root.modules()] == flags
    assert [tensor._version for tensor in tensors[:-2]] == versions
    assert all(torch.equal(session.root.state_dict()[path], tensor) for path, tensor in written.items())
    assert session.root[3].has_uninitialized_params()
    assert sorted(tmp_path.iterdir()) == files
    assert heard.events == []


def test_looks_at_gradients_change_nothing() -> None:
    heard = Heard("rgnet")
    forward_pass(heard.session)
    backward_pass(heard.session)
    gradients = [parameter.grad for parameter in heard.session.root.parameters()]
    versions = [gradient._version for gradient in gradients]
    look(heard.session)
    assert [parameter.grad for parameter in heard.session.root.parameters()] == gradients
    assert [gradient._version for gradient in gradients] == versions
    assert not heard.run("1 + 1").changed


def test_pages_are_answered_while_statements_run() -> None:
    heard = Heard("rgnet")
    failures: list[BaseException] = []
    pages: list[int] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                context = Nobody()
                tree.fold(heard.session, m.Fold(path="", how="all", limit=0), context)
                page = tree.tree_rows(heard.session, m.TreeRows(start=0, count=500), context)
                assert page.rows[0].path == ""
                assert len(page.rows) <= page.total
                tree.tensor_rows(heard.session, m.TensorRows(path="", start=0, count=500), context)
                tree.search(heard.session, m.Search(query="0 w", limit=5), context)
                pages.append(page.total)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for turn in range(20):
        heard.run("net.append(nn.Linear(1, 1))" if turn % 3 else "net(X); net.half().float()")
        if turn % 10 == 9:
            heard.run("del net[2:]")
    over.set()
    thread.join()
    assert failures == []
    assert len(set(pages)) > 1


def open_file(tmp_path: Path, text: str) -> Heard:
    file = tmp_path / "nets.py"
    file.write_text(f"import torch\nfrom torch import nn\n{text}\n")
    return Heard(f"{file}:Net")


def test_a_network_without_a_known_input_says_what_to_do_and_takes_the_consoles(tmp_path: Path) -> None:
    heard = open_file(tmp_path, "class Net(nn.LazyLinear):\n    def __init__(self): super().__init__(3)")
    ran = forward_pass(heard.session)
    assert ran.problem is not None
    assert "X = torch.rand(2, 20)" in ran.problem.text
    heard.run("X = torch.rand(5, 2)")
    assert forward_pass(heard.session).text.startswith("[5, 3]")


def test_the_consoles_keyword_arguments_count(tmp_path: Path) -> None:
    text = "class Net(nn.Linear):\n    def __init__(self): super().__init__(2, 3)\n"
    heard = open_file(tmp_path, text + "    def forward(self, *, x): return super().forward(x)")
    assert forward_pass(heard.session).problem is not None
    heard.run("X = 1; kwargs = {'x': torch.rand(4, 2)}")
    assert forward_pass(heard.session).text.startswith("[4, 3]")


def test_a_name_that_utf8_cannot_carry_is_found_by_its_escape(tmp_path: Path) -> None:
    heard = open_file(tmp_path, "def Net(): return nn.ModuleDict({'\\ud800': nn.Linear(1, 1)})")
    assert heard.session.live.node("\\ud800.bias") is heard.session.live.node("\ud800.bias")


def test_a_text_too_deep_to_be_read_is_the_statements_problem() -> None:
    heard = Heard()
    done = run_statement(heard.session, "-" * 100_000 + "1")
    assert done.problem is not None
    assert done.problem.type in ("MemoryError", "RecursionError", "SyntaxError")
    assert heard.run("1 + 1").value == "2"
