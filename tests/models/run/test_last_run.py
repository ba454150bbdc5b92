"""What Info says of the last run: of a module that was called, and of a tensor that was read."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import Tensor, nn

from models.engine.handlers.tree import tree_rows
from models.live.live_tree import LiveTree
from models.messages import CallTensor, TreeRow, TreeRows
from models.run.gradients.weight_norms import weight_norms
from models.run.last_run import facts_of_run, modules_of_run, rows_text, run_of_row, values_text
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.tracing import Trace, tracing
from models.session.passes import forward_pass
from models.session.session import Session
from tests.models.run.gradients.went_back import went_back
from tests.models.session.observed import NeverCancelled


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.twice, self.unused = nn.Linear(4, 4), nn.Linear(4, 4, bias=False), nn.Linear(4, 4)

    def forward(self, X: Tensor) -> Tensor:
        X = self.used(X)
        for _ in range(2):
            X = self.twice(X)
        return X @ self.twice.weight


def facts(path: str, is_module: bool = True) -> dict[str, list[str]]:
    torch.manual_seed(0)
    net, trace = Net(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
    found: dict[str, list[str]] = {}
    for group in facts_of_run(trace, path, is_module):
        assert group.title == "Last run"
        for fact in group.facts:
            found.setdefault(fact.label, []).append(fact.text)
    return found


def test_a_module_that_was_called() -> None:
    found = facts("used")
    assert found["Called"] == ["once"]
    assert found["Input"] == ["[3, 4]"]
    assert found["Output"] == ["[3, 4], 48 bytes"]
    (flops,) = found["FLOPs"]
    assert flops.startswith(f"{2 * 3 * 4 * 4}, 25% of the run")  # of four products of one size
    assert found["At"][0].startswith("test_last_run.py:")
    assert "mean" in found["Output values"][0]
    assert found["Rows of the batch"][0].endswith("% apart")


def test_a_module_that_was_called_twice_and_one_that_was_not() -> None:
    found = facts("twice")
    assert found["Called"] == ["twice"]
    assert found["FLOPs"][0].startswith(f"{2 * 2 * 3 * 4 * 4}, 50% of the run")
    assert facts("unused") == {"Called": ["not in the last run"]}


def test_shares_are_of_all_calls_that_a_statement_makes_of_the_network() -> None:
    net, trace = Net(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
        net(torch.rand(3, 4))
    found = modules_of_run(trace)
    assert [found[path].flops for path in ("", "used", "twice")] == [1.0, 0.25, 0.5]
    (flops,) = [fact.text for fact in facts_of_run(trace, "used", True)[0].facts if fact.label == "FLOPs"]
    assert flops.startswith(f"{2 * 2 * 3 * 4 * 4}, 25% of the run")


def test_what_goes_on_has_no_cost_yet() -> None:
    class Looking(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            seen.extend(fact.label for fact in facts_of_run(trace, "", True)[0].facts)
            return X

    seen: list[str] = []
    net, trace = Looking(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
    assert "Called" in seen
    assert "Took" not in seen
    assert "FLOPs" not in seen
    assert "Took" in [fact.label for fact in facts_of_run(trace, "", True)[0].facts]


def test_a_tensor_names_who_read_it() -> None:
    found = facts("twice.weight", is_module=False)["Read by"]
    assert [text.partition(" at ")[0] for text in found] == [
        "2 Linear twice ×2  [3, 4]",
        "3 matmul in the network  [3, 4]",
    ]
    assert facts("unused.weight", is_module=False) == {"Read by": ["no call of the last run"]}


def test_the_calls_of_a_module_and_of_a_tensor_are_links_to_their_rows() -> None:
    net, trace = nn.Sequential(layer := nn.Linear(2, 2), nn.ReLU(), layer), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(1, 2))
    paths = [fact.path for fact in facts_of_run(trace, "0", True, 5)[0].facts if fact.path is not None]
    assert paths == [CallTensor(run=5, call=1)]
    paths = [fact.path for fact in facts_of_run(trace, "0.weight", False, 5)[0].facts if fact.path is not None]
    assert paths == [CallTensor(run=5, call=1)]


def test_what_the_tree_says_of_each_module() -> None:
    net, trace = Net(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
    found = modules_of_run(trace)
    assert found.keys() == {"", "used", "twice"}
    assert [found[path].calls for path in ("", "used", "twice")] == [1, 1, 2]
    assert [found[path].flops for path in ("", "used", "twice")] == [1.0, 0.25, 0.5]
    assert found["used"].output == "[3, 4]"
    assert found[""].seconds == 1.0
    assert all(each.rows is not None and not each.problem for each in found.values())


def test_a_module_that_failed_or_gave_infinities_is_marked() -> None:
    class Faulty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Identity(), nn.Linear(3, 3)

        def forward(self, X: Tensor) -> Tensor:
            return self.two(self.one(X / 0))

    net, trace = Faulty(), Trace()
    with contextlib.suppress(RuntimeError), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
    found = modules_of_run(trace)
    assert [found[path].problem for path in ("", "one", "two")] == ["", "nonfinite", "failed"], "the innermost says it"


def test_a_module_whose_own_code_failed_is_marked_and_says_why() -> None:
    class Own(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            return X.relu() + X.new_zeros(5)

    net, session = nn.Sequential(nn.Identity(), Own()), Session()
    session.open("mlp")
    session.namespace["net"] = session.namespace["mlp"] = net
    session.report_changes([], gradients=False)
    session.inputs.arguments = ((torch.rand(3, 4),), {})
    assert forward_pass(session).problem is not None
    trace = session.runs.trace(session.runs.last)
    assert [modules_of_run(trace)[path].problem for path in ("", "0", "1")] == ["", "", "failed"]
    (group,) = facts_of_run(trace, "1", True)
    (why,) = [fact.text for fact in group.facts if fact.label == "Because"]
    assert "joins [2, 20] from `relu` at test_last_run.py:" in why
    (group,) = facts_of_run(trace, "", True)
    assert not [fact for fact in group.facts if fact.label == "Because"]


def test_rows_of_the_tree_say_what_the_last_run_did() -> None:
    session = Session()
    session.open("rgnet")

    def rows() -> list[TreeRow]:
        return tree_rows(session, TreeRows(start=0, count=50), NeverCancelled()).rows

    assert all(row.run is None for row in rows())
    forward_pass(session)
    assert all((row.run is not None) == (row.kind == "module") for row in rows())
    session.open("shared")
    assert all(row.run is None for row in rows())


def test_before_the_first_run_nothing_is_said() -> None:
    session = Session()
    session.open("rgnet")
    titles = [group.title for group in session.describe("0.block 0")]
    assert "Last run" not in titles
    forward_pass(session)
    groups = session.describe("0.block 0")
    assert [group.title for group in groups if group.title != "Last run"] == titles
    assert [group.title for group in groups].index("Last run") == 1


def test_values_and_rows_in_words() -> None:
    assert values_text(OutputStatistics(4, 0.0, 0.0, 0.0, 0.0, 4)) == "0 to 0, mean 0, std 0; all zeros"
    assert values_text(OutputStatistics(8, -1.0, 3.0, 6.0, 6.0, 1, 1, 1)) == (
        "-1 to 3, mean 1, std 1; 12% zeros; 1 NaN; 1 infinite"
    )
    assert [rows_text(rows) for rows in (None, 0.0, 0.25, 0.0004)] == [
        "", "identical", "25% apart", "0.04% apart: nearly alike",
    ]  # fmt: skip


def test_what_a_backward_did_stands_beside() -> None:
    passes = went_back(Net(), torch.rand(3, 4))

    def found(path: str, is_module: bool) -> dict[str, list[str]]:
        facts: dict[str, list[str]] = {}
        for group in facts_of_run(passes.trace, path, is_module):
            for fact in group.facts:
                facts.setdefault(fact.label, []).append(fact.text)
        return facts

    used = found("used", True)
    linear = next(row for row in passes.rows("Linear") if row.module == "used")
    assert used["Gradient at its output"] == [f"norm {linear.backward.norm:.3g}"]
    assert len(used["Backward took"]) == 1
    parts = found("twice.weight", False)["Part of the gradient"]
    assert [part.split(" by ")[1].split(" at ")[0] for part in parts] == ["twice", "matmul"]
    assert found("unused.weight", False)["No gradient"] == ["no call read it: unused was not called"]
    assert "No gradient" not in found("used.weight", False)


def test_gradients_beside_their_weights() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.rest = nn.Linear(2, 2, bias=False), nn.ModuleDict({"b": nn.Linear(2, 2)})
            self.rest["b"].weight = self.a.weight
            self.idle = nn.Linear(2, 2)
            nn.init.zeros_(self.rest["b"].bias)  # type: ignore[arg-type]
            with torch.no_grad():
                self.a.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))

        def forward(self, X: Tensor) -> Tensor:
            return self.rest["b"](self.a(X))  # type: ignore[no-any-return]

    net = Tied()
    trace, tree = Trace(), LiveTree.of(net)
    net.a.weight.grad, net.rest["b"].bias.grad = torch.full((2, 2), 0.25), torch.tensor([1.2, 0.0])
    weights = weight_norms(tree)
    assert weights == {
        "a.weight": (0.5, 5.0), "rest.b.weight": (0.5, 5.0), "rest.b.bias": (pytest.approx(1.2), 0.0),
    }  # fmt: skip
    modules = modules_of_run(trace, weights)
    assert {path: (run.weight_gradient, run.weight) for path, run in modules.items()} == {
        "": (pytest.approx(1.3), 5.0),  # the shared weight once: 0.5, 1.2, 1.3
        "a": (0.5, 5.0), "a.weight": (0.5, 5.0), "rest": (pytest.approx(1.3), 5.0), "rest.b": (pytest.approx(1.3), 5.0),
        "rest.b.weight": (0.5, 5.0), "rest.b.bias": (pytest.approx(1.2), 0.0),
    }  # fmt: skip

    def said(path: str, is_module: bool, label: str) -> list[str]:
        (group,) = facts_of_run(trace, path, is_module, weights=weights)
        return [fact.text for fact in group.facts if fact.label == label]

    assert said("a.weight", False, "Gradient") == ["norm 0.5, 0.1 of the weight's, 5"]
    assert said("rest.b.bias", False, "Gradient") == ["norm 1.2, the weight is 0"]
    assert said("", True, "Gradients of its weights") == ["norm 1.3, 0.26 of the weight's, 5"]
    assert said("idle", True, "Gradients of its weights") == []


def test_what_is_not_called_itself_has_the_sums_of_what_is_called_within_it() -> None:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleDict({"a": nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]), "b": nn.Linear(4, 8)})
            self.idle = nn.ModuleList([nn.Linear(4, 4)])

        def forward(self, X: Tensor) -> Tensor:
            for layer in self.parts["a"]:  # type: ignore[attr-defined]
                X = layer(X)
            return self.parts["b"](X)  # type: ignore[no-any-return]

    net, trace = Listed(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 4))
    modules = modules_of_run(trace)
    assert modules["parts.a"].flops == 0.5, "twice 4 x 4 of 4 x 16"
    assert modules["parts"].flops == 1.0
    assert modules["parts"].calls == 0
    assert "idle" not in modules
    group = TreeRow(path="parts.a.[0–1]", name="[0–1]", kind="group", depth=2, detail="Linear")
    together = run_of_row(group, modules)
    assert together is not None
    assert (together.flops, together.calls, together.output) == (0.5, 2, "[2, 4]")
