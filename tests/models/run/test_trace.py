"""What a trace tells, on networks small enough to follow by hand."""

from __future__ import annotations

import contextlib
import copy
import io
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.examples.catalogue import build
from models.live.outline import Outline
from models.messages import CallRow
from models.run.trace import TooManyCalls, Trace, tracing

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def traced(net: nn.Module, *args: object, max_calls: int | None = None) -> list[CallRow]:
    trace = Trace()
    with tracing(net, Outline.of(net), trace, max_calls):
        net(*args)
    return trace.page(0, 10_000)[2]


def broken(net: nn.Module, *args: object) -> Trace:
    trace = Trace()
    with pytest.raises(Exception), tracing(net, Outline.of(net), trace):  # noqa: B017, PT011
        net(*args)
    return trace


def told(rows: list[CallRow]) -> list[tuple[str, str, int]]:
    return [(row.module, row.op, row.repeat) for row in rows]


def test_sequential_is_four_rows() -> None:
    rows = traced(build("sequential"), torch.rand(2, 20))
    assert [(row.module, row.op, row.depth, row.inputs, row.output, row.tensors) for row in rows] == [
        ("", "Sequential", 0, ["[2, 20]"], "[2, 10]", []),
        ("0", "Linear", 1, ["[2, 20]"], "[2, 256]", ["0.weight", "0.bias"]),
        ("1", "ReLU", 1, ["[2, 256]"], "[2, 256]", []),
        ("2", "Linear", 1, ["[2, 256]"], "[2, 10]", ["2.weight", "2.bias"]),
    ]
    assert {row.kind for row in rows} == {"module"}
    assert all(row.seconds is not None and row.seconds > 0 for row in rows)


def test_mlp_shows_relu_that_is_no_module_and_the_line_it_stands_on() -> None:
    rows = traced(build("mlp"), torch.rand(2, 20))
    assert told(rows) == [("", "MLP", 1), ("hidden", "Linear", 1), ("", "relu", 1), ("out", "Linear", 1)]
    assert [row.kind for row in rows] == ["module", "module", "operation", "module"]
    assert [row.depth for row in rows] == [0, 1, 1, 1]
    assert rows[2].where.startswith("custom_block.py:")
    assert rows[0].where.startswith("test_trace.py:")


def test_fixed_hidden_mlp_folds_its_loop() -> None:
    net = build("fixed_hidden_mlp")
    X = torch.rand(2, 20)
    hidden = net.linear(torch.relu(net.linear(X) @ net.rand_weight + 1))
    halvings = 0
    while hidden.abs().sum() / 2**halvings > 1:
        halvings += 1
    rows = traced(net, X)
    loop = ["abs", "sum", "gt", "__bool__"]
    assert halvings >= 2
    assert told(rows) == [
        ("", "FixedHiddenMLP", 1), ("linear", "Linear", 1), ("", "mm", 1), ("", "add", 1), ("", "relu", 1),
        ("linear", "Linear", 1), *(("", op, halvings) for op in [*loop, "div_"]), *(("", op, 1) for op in loop),
        ("", "sum", 1),
    ]  # fmt: skip
    assert rows[2].tensors == ["rand_weight"]
    assert [row.output for row in rows if row.op == "__bool__"] == ["True", "False"]
    assert rows[0].output == "[]"


def test_a_shared_layer_goes_by_each_of_its_names() -> None:
    rows = traced(build("shared"), torch.rand(2, 4))
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
    with tracing(net, Outline.of(net), trace):
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


def test_no_hook_stays_whatever_ends_the_run() -> None:
    hooks = torch.nn.modules.module
    net = build("mlp")

    class Interrupting(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            raise KeyboardInterrupt

    for module, error in ((net, RuntimeError), (Interrupting(), KeyboardInterrupt)):
        with pytest.raises(error), tracing(module, Outline.of(module), Trace()):
            module(torch.rand(2, 3))
        assert not hooks._global_forward_hooks
        assert not hooks._global_forward_pre_hooks
        assert not hooks._global_forward_hooks_with_kwargs
        assert torch.overrides._get_current_function_mode() is None
        assert torch.backends.mha.get_fastpath_enabled()


def test_copies_and_files_made_meanwhile_hold_nothing_of_ours() -> None:
    net = build("mlp")
    with tracing(net, Outline.of(net), Trace()):
        twin = copy.deepcopy(net)
        torch.save(net, io.BytesIO())
        scripted = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
        scripted(torch.rand(1, 2))
    assert not twin._forward_hooks
    assert not twin.hidden._forward_pre_hooks


class Deep(nn.Module):
    """Fails in an operation of `stages.1.0`."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(nn.Sequential(nn.Linear(10, 48)), nn.Sequential(nn.Linear(32, 10)))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.stages(X)


def test_a_failure_is_told_where_it_happened() -> None:
    trace = broken(Deep(), torch.rand(2, 10))
    rows = trace.page(0, 100)[2]
    assert [row.module for row in rows] == ["", "stages", "stages.0", "stages.0.0", "stages.1", "stages.1.0"]
    assert [bool(row.failed) for row in rows] == [False] * 5 + [True]
    assert rows[-1].failed.startswith("RuntimeError: mat1 and mat2")
    failed = trace.failed
    assert failed is not None
    assert (failed.module, failed.op, failed.inputs) == ("stages.1.0", "linear", ["[2, 48]", "[10, 32]", "[10]"])
    assert failed.where.startswith("test_trace.py:")
    assert trace.finished


class Python(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        X = self.first(X)  # noqa: F821 (what the document prints)
        return X  # noqa: RET504


def test_a_failure_in_python_is_told_at_the_module() -> None:
    trace = broken(Python(), torch.rand(2, 2))
    assert trace.failed is not None
    assert (trace.failed.op, trace.failed.kind) == ("Python", "module")
    assert trace.failed.failed.startswith("UnboundLocalError")
    line = Python.forward.__code__.co_firstlineno + 1
    assert trace.failed.where == f"test_trace.py:{line}"


class Recovering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wrong, self.right = nn.Linear(3, 1), nn.Linear(2, 1)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        try:
            return self.wrong(X)
        except RuntimeError:
            return self.right(X)


def test_a_failure_that_the_network_caught_is_no_failure_of_the_run() -> None:
    net, trace = Recovering(), Trace()
    with tracing(net, Outline.of(net), trace):
        net(torch.rand(1, 2))
    assert [(row.module, bool(row.failed)) for row in trace.page(0, 9)[2]] == [
        ("", False),
        ("wrong", True),
        ("right", False),
    ]
    assert trace.failed is None


class Steps(nn.Module):
    """A function of the test as forward, with a layer at hand."""

    def __init__(self, forward: Callable[..., object]) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.run = forward

    def forward(self, *args: object, **kwargs: object) -> object:
        return self.run(self, *args, **kwargs)


def ops(forward: Callable[..., object], *args: object) -> list[str]:
    return [row.op for row in traced(Steps(forward), *args)][1:]


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
            X.data,
            str(X),
        )
        return X

    assert ops(forward, torch.rand(2, 4)) == []


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
    assert told(rows)[1:] == [("cell", "Linear", 50), ("", "tanh", 50), ("", "add", 50)]


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
        with tracing(net, Outline.of(net), trace):
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
    with tracing(net, Outline.of(net), trace):
        net(X=torch.rand(2, 4))
    assert trace.page(0, 1)[2][0].inputs == ["[2, 4]"]


def test_nested_outputs() -> None:
    rows = traced(nn.LSTM(3, 5), torch.rand(2, 1, 3))
    assert rows[0].output == "([2, 1, 5], ([1, 1, 5], [1, 1, 5]))"


def test_only_the_networks_calls_are_recorded() -> None:
    net, other, trace = build("mlp"), nn.Linear(10, 1), Trace()
    with tracing(net, Outline.of(net), trace):
        X = torch.rand(2, 20) * 2
        other(net(X)).sum().backward()
    assert [row.op for row in trace.page(0, 9)[2]] == ["MLP", "Linear", "relu", "Linear"]


def test_a_part_called_alone_and_a_layer_added_meanwhile() -> None:
    net, trace = build("sequential"), Trace()
    with tracing(net, Outline.of(net), trace):
        net[0](torch.rand(1, 20))
        net.append(nn.Tanh())
        net(torch.rand(1, 20))
    rows = trace.page(0, 9)[2]
    assert (rows[0].module, rows[0].op, rows[0].depth) == ("0", "Linear", 0)
    assert (rows[-1].module, rows[-1].op) == ("3", "Tanh")


def test_contexts_nest() -> None:
    net, outer, inner = build("mlp"), Trace(), Trace()
    outline = Outline.of(net)
    with tracing(net, outline, outer):
        net(torch.rand(2, 20))
        with tracing(net, outline, inner):
            net(torch.rand(2, 20))
    assert len(inner) == 4
    assert outer.events == 8


def test_another_thread_is_not_recorded() -> None:
    net, trace = build("mlp"), Trace()
    with tracing(net, Outline.of(net), trace):
        thread = threading.Thread(target=net, args=(torch.rand(2, 20),))
        thread.start()
        thread.join()
    assert len(trace) == 0


def test_a_budget_stops_a_runaway() -> None:
    def forward(net: Steps, X: torch.Tensor) -> None:
        while True:
            X = X + 1

    net, trace = Steps(forward), Trace()
    with pytest.raises(TooManyCalls, match="stopped after 1,000 calls"), tracing(net, Outline.of(net), trace, 1_000):
        net(torch.zeros(1))
    assert trace.events == 1_000
    assert [(row.op, row.repeat) for row in trace.page(0, 9)[2]] == [("Steps", 1), ("add", 999)]
    assert trace.failed is not None


def test_the_first_nan_and_where_it_was_born() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        Y = net.layer(X) * 0
        Y = Y / Y
        Y.zero_()
        return Y + 1

    rows = traced(net := Steps(forward), X := torch.rand(2, 4))
    trace = Trace()
    with tracing(net, Outline.of(net), trace):
        net(X)
    first = trace.nonfinite
    assert first is not None
    assert (first["phase"], first["what"], first["module"], first["op"], first["tensor"]) == (
        "forward",
        "NaN",
        "",
        "div",
        None,
    )
    assert first["where"] == f"test_trace.py:{forward.__code__.co_firstlineno + 2}"
    assert first["call"] is not None
    assert rows[first["call"]].op == "div"
    assert rows[first["call"]].note == "first NaN"


def test_a_nan_in_a_weight_and_one_in_the_input() -> None:
    net = build("sequential")
    with torch.no_grad():
        net[2].bias[3] = float("inf")
    trace = Trace()
    with tracing(net, Outline.of(net), trace):
        net(torch.rand(2, 20))
    first = trace.nonfinite
    assert first is not None
    assert (first["what"], first["module"], first["op"], first["tensor"], first["call"]) == (
        "infinity", "2", "linear", "2.bias", 3,
    )  # fmt: skip
    trace = Trace()
    with tracing(net, Outline.of(net), trace):
        net(torch.full((2, 20), float("nan")))
    assert trace.nonfinite is not None
    assert (trace.nonfinite["phase"], trace.nonfinite["call"]) == ("input", 0)


def test_a_nan_within_a_loop_unfolds_its_turn() -> None:
    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        for _ in range(200):
            X = X * 2
        return X

    rows = traced(Steps(forward), torch.ones(1))
    assert [(row.op, row.repeat, row.note) for row in rows[1:]] == [
        ("mul", 127, ""), ("mul", 1, "first infinity"), ("mul", 72, ""),
    ]  # fmt: skip


def test_growth_is_told_and_pages_can_be_read_meanwhile() -> None:
    heard: list[int] = []
    pages: list[tuple[int, bool, int]] = []

    def forward(net: Steps, X: torch.Tensor) -> torch.Tensor:
        X = X + 1
        total, finished, rows = trace.page(0, 100)
        pages.append((total, finished, len(rows)))
        return X * 2

    net = Steps(forward)
    trace = Trace(heard.append)
    with tracing(net, Outline.of(net), trace):
        net(torch.rand(2))
    assert pages == [(2, False, 2)]
    assert heard[-1] == len(trace) == 3
    assert trace.page(1, 1)[2][0].op == "add"
    assert trace.page(50, 10) == (3, True, [])


def test_an_interrupt_caught_outside_leaves_the_calls_so_far() -> None:
    def forward(net: Steps, X: torch.Tensor) -> None:
        net.layer(X)
        raise KeyboardInterrupt

    net, trace = Steps(forward), Trace()
    with tracing(net, Outline.of(net), trace), contextlib.suppress(KeyboardInterrupt):
        net(torch.rand(1, 4))
    rows = trace.page(0, 9)[2]
    assert [(row.op, row.failed) for row in rows] == [("Steps", "interrupted"), ("Linear", "")]
    assert trace.finished


def test_scripted_parts_are_called_as_they_are() -> None:
    net = nn.Sequential(torch.jit.script(nn.Linear(3, 4)), nn.ReLU())
    rows = traced(net, torch.rand(2, 3))
    assert [(row.module, row.op, row.output) for row in rows] == [
        ("", "Sequential", "[2, 4]"), ("0", "Linear", "[2, 4]"), ("1", "ReLU", "[2, 4]"),
    ]  # fmt: skip


def test_recording_a_graph_meanwhile_leaves_nothing_of_ours_in_it() -> None:
    net = build("parameter_access")
    X = torch.rand(2, 4)
    plain = str(torch.jit.trace(net, X).inlined_graph).count("aten::")
    with tracing(net, Outline.of(net), Trace()):
        seen = str(torch.jit.trace(net, X).inlined_graph).count("aten::")
    assert seen == plain


@pytest.mark.slow
def test_a_compiled_module_runs_as_written() -> None:
    net = torch.compile(build("mlp"), backend="eager")
    assert "torch._dynamo" in sys.modules
    rows = traced(net, torch.rand(2, 20))
    assert [(row.module, row.op) for row in rows] == [
        ("", "OptimizedModule"), ("_orig_mod", "MLP"), ("_orig_mod.hidden", "Linear"), ("_orig_mod", "relu"),
        ("_orig_mod.out", "Linear"),
    ]  # fmt: skip
    assert rows[0].note == "traced without compilation"


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [True, False])
def test_the_compiler_does_not_get_to_see_the_recorder(in_place: bool) -> None:
    compiled: list[str] = []

    def backend(graph: Any, inputs: Any) -> Any:
        compiled.extend(node.name for node in graph.graph.nodes)
        return graph.forward

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wave = torch.sin if in_place else torch.compile(torch.sin, backend=backend)

        def forward(self, X: Any) -> Any:
            return self.wave(X)

    net = Net()
    if in_place:
        net.compile(backend=backend)
    rows = traced(net, torch.rand(2))
    assert [row.op for row in rows] == ["Net", "sin"]
    assert rows[0].note == ("traced without compilation" if in_place else "")
    assert compiled == []
    net(torch.rand(2))
    assert "sin" in " ".join(compiled)


def test_meta_tensors_pass() -> None:
    net = build("mlp").to("meta")
    assert [row.output for row in traced(net, torch.rand(2, 20, device="meta"))][-1] == "[2, 10]"


def test_functional_relu_is_not_looked_into() -> None:
    assert ops(lambda net, X: F.relu(X), torch.rand(2)) == ["relu"]
