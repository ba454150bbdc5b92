"""What a trace records, on networks small enough to follow by hand."""

from __future__ import annotations

import copy
import gc
import io
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.trace import lineage
from models.run.trace.calls import Call
from models.run.trace.folding import Folding
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps, ops, repeats, traced

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def test_sequential_is_four_rows() -> None:
    rows = traced(build_example("sequential"), torch.rand(2, 20))
    assert [(row.module, row.op, row.depth, row.inputs, row.output, row.tensors) for row in rows] == [
        ("", "Sequential", 0, ["[2, 20]"], "[2, 10]", []),
        ("0", "Linear", 1, ["[2, 20]"], "[2, 256]", ["0.weight", "0.bias"]),
        ("1", "ReLU", 1, ["[2, 256]"], "[2, 256]", []),
        ("2", "Linear", 1, ["[2, 256]"], "[2, 10]", ["2.weight", "2.bias"]),
    ]
    assert {row.kind for row in rows} == {"module"}
    assert all(row.seconds is not None and row.seconds > 0 for row in rows)


def test_mlp_shows_relu_that_is_no_module_and_the_line_it_stands_on() -> None:
    rows = traced(build_example("mlp"), torch.rand(2, 20))
    assert repeats(rows) == [("", "MLP", 1), ("hidden", "Linear", 1), ("", "relu", 1), ("out", "Linear", 1)]
    assert [row.kind for row in rows] == ["module", "module", "operation", "module"]
    assert [row.depth for row in rows] == [0, 1, 1, 1]
    assert rows[2].where.startswith("custom_block.py:")
    assert rows[0].where.startswith("recorded.py:")


def test_fixed_hidden_mlp_folds_its_loop() -> None:
    net = build_example("fixed_hidden_mlp")
    X = torch.rand(2, 20)
    hidden = net.linear(torch.relu(net.linear(X) @ net.rand_weight + 1))
    halvings = 0
    while hidden.abs().sum() / 2**halvings > 1:
        halvings += 1
    rows = traced(net, X)
    loop = ["abs", "sum", "gt", "__bool__"]
    assert halvings >= 2
    assert repeats(rows) == [
        ("", "FixedHiddenMLP", 1), ("linear", "Linear", 1), ("", "mm", 1), ("", "add", 1), ("", "relu", 1),
        ("linear", "Linear", 1), *(("", op, halvings) for op in [*loop, "div_"]), *(("", op, 1) for op in loop),
        ("", "sum", 1),
    ]  # fmt: skip
    assert rows[2].tensors == ["rand_weight"]
    assert [row.output for row in rows if row.op == "__bool__"] == ["True", "False"]
    assert rows[0].output == "[]"


def test_a_shared_layer_goes_by_each_of_its_names() -> None:
    rows = traced(build_example("shared"), torch.rand(2, 4))
    assert [row.module for row in rows] == ["", "0", "1", "2", "3", "4", "5", "6"]
    assert rows[3].tensors == ["2.weight", "2.bias"]
    assert rows[5].tensors == ["4.weight", "4.bias"]


def test_looking_changes_nothing() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.ReLU(inplace=True))
    twin = copy.deepcopy(net)
    X = torch.rand(3, 4)
    versions = {name: value._version for name, value in net.state_dict(keep_vars=True).items()}
    torch.manual_seed(1)
    plain = twin(X)
    state = torch.get_rng_state()
    torch.manual_seed(1)
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        seen = net(X)
    assert torch.equal(seen, plain)
    assert torch.equal(torch.get_rng_state(), state)
    assert X._version == 0
    parameters = [name for name, _ in net.named_parameters()]
    assert [net.get_parameter(name)._version for name in parameters] == [versions[name] for name in parameters]
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True))
    assert net.training
    seen.sum().backward()
    plain.sum().backward()
    assert torch.equal(net[0].weight.grad, twin[0].weight.grad)


def test_copies_and_files_made_meanwhile_hold_nothing_of_ours() -> None:
    net = build_example("mlp")
    with tracing(net, LiveTree.of(net), Trace()):
        twin = copy.deepcopy(net)
        torch.save(net, io.BytesIO())
        scripted = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
        scripted(torch.rand(1, 2))
    assert not twin._forward_hooks
    assert not twin.hidden._forward_pre_hooks


def test_questions_about_a_tensor_are_no_operations() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        (
            X.shape,
            X.size(0),
            X.dim(),
            X.device,
            X.requires_grad,
            X.is_floating_point(),
            len(X),
            X.stride(),
            str(X),
        )
        return X

    assert ops(forward, torch.rand(2, 4)) == []


def test_data_is_an_operation_as_it_cuts_the_graph() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        Y = net.layer(X)
        Y.data = Y.data + 1
        return Y

    assert ops(forward, torch.rand(2, 4)) == ["Linear", "data", "add", "set_data"]


def test_names_are_the_functions_own() -> None:
    def forward(net: Steps, X: torch.Tensor) -> float:
        Y = torch.mm(X, X.T)
        Y = 1 - Y
        Y /= 2
        Y[0] = 1
        Y = torch.cat([Y, Y]).softmax(-1)
        return Y.sum().item()

    assert ops(forward, torch.rand(2, 4)) == [
        "T", "mm", "rsub", "div_", "__setitem__", "cat", "softmax", "sum", "item",
    ]  # fmt: skip


def test_weights_read_without_a_call_and_views_of_them() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        return X @ net.layer.weight.T

    rows = traced(Steps(forward), torch.rand(2, 4))
    assert [row.tensors for row in rows if row.op == "matmul"] == [["layer.weight"]]
    assert rows[-1].note == "uses the weights of layer without calling it"


def test_a_handwritten_recurrence_folds() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.Linear(4, 4)

        def forward(self, X: torch.Tensor, turns: int) -> torch.Tensor:
            for _ in range(turns):
                X = torch.tanh(self.cell(X)) + X
            return X

    rows = traced(Recurrent(), torch.rand(1, 4), 50)
    assert repeats(rows)[1:] == [("cell", "Linear", 50), ("", "tanh", 50), ("", "add", 50)]


def test_a_layer_that_does_more_than_one_thing_shows_them() -> None:
    rows = traced(nn.Sequential(nn.BatchNorm1d(4)), torch.rand(3, 4))
    assert [(row.op, row.depth) for row in rows] == [
        ("Sequential", 0), ("BatchNorm1d", 1), ("add_", 2), ("batch_norm", 2),
    ]  # fmt: skip
    assert rows[2].tensors == ["0.num_batches_tracked"]


def test_attention_is_looked_into_without_its_fused_path() -> None:
    net = nn.TransformerEncoderLayer(8, 2, batch_first=True).eval()
    X = torch.rand(1, 3, 8)
    with torch.no_grad():
        fused = net(X)
        trace = Trace()
        with tracing(net, LiveTree.of(net), trace):
            seen = net(X)
    rows = trace.page(0, 100)[2]
    assert torch.allclose(seen, fused, atol=1e-6)
    assert {"self_attn", "linear1", "linear2", "norm1"} <= {row.module for row in rows}
    assert "fused path" in rows[0].note
    attention = next(row for row in rows if row.op == "multi_head_attention_forward")
    assert "self_attn.out_proj.weight" in attention.tensors
    assert attention.note == "uses the weights of self_attn.out_proj without calling it"
    assert torch.backends.mha.get_fastpath_enabled()


def test_keyword_arguments_count_as_inputs() -> None:
    net = Steps(lambda net, *, X: net.layer(X))
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(X=torch.rand(2, 4))
    assert trace.page(0, 1)[2][0].inputs == ["[2, 4]"]


def test_nested_outputs() -> None:
    rows = traced(nn.LSTM(3, 5), torch.rand(2, 1, 3))
    assert rows[0].output == "([2, 1, 5], ([1, 1, 5], [1, 1, 5]))"


def test_only_the_networks_calls_are_recorded() -> None:
    net, other, trace = build_example("mlp"), nn.Linear(10, 1), Trace()
    with tracing(net, LiveTree.of(net), trace):
        X = torch.rand(2, 20) * 2
        other(net(X)).sum().backward()
    assert [row.op for row in trace.page(0, 9)[2]] == ["MLP", "Linear", "relu", "Linear"]


def test_a_part_called_alone_and_a_layer_added_meanwhile() -> None:
    net, trace = build_example("sequential"), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net[0](torch.rand(1, 20))
        net.append(nn.Tanh())
        net(torch.rand(1, 20))
    rows = trace.page(0, 9)[2]
    assert (rows[0].module, rows[0].op, rows[0].depth) == ("0", "Linear", 0)
    assert (rows[-1].module, rows[-1].op) == ("3", "Tanh")


def test_contexts_nest() -> None:
    net, outer, inner = build_example("mlp"), Trace(), Trace()
    tree = LiveTree.of(net)
    assert torch.backends.mha.get_fastpath_enabled()
    with tracing(net, tree, outer):
        net(torch.rand(2, 20))
        with tracing(net, tree, inner):
            net(torch.rand(2, 20))
    assert torch.backends.mha.get_fastpath_enabled(), "whichever of the two is done last"
    assert len(inner) == 4
    assert outer.events == 8


def test_another_thread_is_not_recorded() -> None:
    net, trace = build_example("mlp"), Trace()
    with tracing(net, LiveTree.of(net), trace):
        thread = threading.Thread(target=net, args=(torch.rand(2, 20),))
        thread.start()
        thread.join()
    assert len(trace) == 0


def test_growth_is_reported_and_pages_can_be_read_meanwhile() -> None:
    totals: list[int] = []
    pages: list[tuple[int, bool, int]] = []

    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        X = X + 1
        total, finished, rows = trace.page(0, 100)
        pages.append((total, finished, len(rows)))
        return X * 2

    net = Steps(forward)
    trace = Trace(totals.append)
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2))
    assert pages == [(2, False, 2)]
    assert totals[-1] == len(trace) == 3
    assert trace.page(1, 1)[2][0].op == "add"
    assert trace.page(50, 10) == (3, True, [])


def test_meta_tensors_pass() -> None:
    net = build_example("mlp").to("meta")
    assert [row.output for row in traced(net, torch.rand(2, 20, device="meta"))][-1] == "[2, 10]"


def test_functional_relu_is_not_looked_into() -> None:
    assert ops(lambda net, X: F.relu(X), torch.rand(2)) == ["relu"]


@pytest.mark.parametrize("limit", [100, 4])
def test_calls_that_were_folded_away_or_not_kept_are_let_go(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "LIMIT", 100)  # the first operations are remembered for the reasons of a backward
    alive: list[int] = []

    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        for turn in range(2500):
            X = torch.tanh(net.layer(X)) + X[:, : 1 + turn * turn % 3].sum()
        gc.collect()  # what is in a cycle goes when the collector comes, which differs between Pythons
        alive.append(sum(type(each) is Call for each in gc.get_objects()))
        return X

    net, trace = Steps(forward), Trace()
    trace._folding = Folding(limit)
    with torch.no_grad(), tracing(net, LiveTree.of(net), trace):
        net(torch.ones(2, 4))
    assert trace.events > 10_000
    assert len(trace) <= limit
    assert alive[0] < 2000, "what is known of tensors that are gone is dropped a thousand at a time"
