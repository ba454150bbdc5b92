"""Of `attributed`, `watch`, `norms`: the gradient at each call, against torch's gradients at the layers' results."""

from __future__ import annotations

import copy
import math
import threading
import weakref
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.backward import run_backward
from models.run.gradients.captured import watch_of
from models.run.gradients.norms import Norms
from models.run.gradients.watch import LATELY, BackwardWatch
from models.run.graph import wave
from models.run.start import start_of
from models.run.trace.record import Trace
from models.run.trace.tracing import tracing
from tests.models.run.gradients.went_back import went_back
from tests.models.run.trace.recorded import Steps


def by_torch(net: nn.Module, X: Tensor) -> list[float]:
    """Return the norms of the gradients at the results of the leaf modules, in the order of their calls."""
    results: list[Tensor] = []
    for module in net.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, given, result: results.append(result))
    output = net(X)
    weighted = start_of(output).weighted  # type: ignore[union-attr]
    gradients = torch.autograd.grad(output, results, wave(output) if weighted else torch.ones_like(output))
    return [float(gradient.norm()) for gradient in gradients]


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (nn.Sequential(nn.Linear(20, 50), nn.ReLU(), nn.Linear(50, 10)), (3, 20)),
        (nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 30), nn.Sigmoid(), nn.LayerNorm(30)), (2, 20)),
        (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            (2, 3, 40, 40),
        ),
        (nn.Sequential(nn.Linear(4, 4, dtype=torch.float64), nn.GELU()), (2, 4)),
        (nn.Sequential(nn.Linear(8, 8, dtype=torch.bfloat16), nn.SiLU()), (2, 8)),
    ],
    ids=["mlp", "norm", "convolutions", "double", "bfloat16"],
)
def test_the_gradient_at_each_layer(net: nn.Module, shape: tuple[int, ...]) -> None:
    X = torch.rand(shape).to(next(net.parameters()).dtype)
    expected = by_torch(copy.deepcopy(net), X)
    passes = went_back(net, X)
    found = [row.backward.norm for row in passes.trace.calls[1:] if row.kind == "module"]
    assert found == pytest.approx(expected, rel=1e-2 if X.dtype == torch.bfloat16 else 1e-4)
    assert all(row.backward.seconds > 0 for row in passes.trace.calls if row.kind == "module")


def test_a_residual_path_adds_both_gradients() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X)
        return (Y.sin() + 3 * Y).sum()

    passes = went_back(forward, torch.zeros(2, 4))
    Y = passes.net.layer(torch.zeros(2, 4))
    assert passes.row("Linear").backward.norm == pytest.approx((Y.cos() + 3).norm().item())


def test_the_gradient_of_a_module_is_that_of_its_result() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Tanh()), nn.Linear(4, 1))
    rows = went_back(net, torch.rand(2, 4)).trace.calls
    inner, layer, tanh, last = rows[1:]
    assert inner.backward.norm == tanh.backward.norm != layer.backward.norm
    assert inner.backward.seconds == pytest.approx(layer.backward.seconds + tanh.backward.seconds)
    assert last.backward.norm == pytest.approx(math.sqrt(2))  # ones, of the sum


def test_each_turn_of_a_loop_counts() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        Y = net.layer(X)
        for _ in range(4):
            Y = Y * 0.5
        return Y.sum()

    backward = went_back(forward, torch.ones(1, 4)).row("mul").backward
    # 2 is the norm of four ones, which come to the last turn; each turn halves it
    assert (backward.norm, backward.max, backward.min) == pytest.approx((2, 2, 0.25))


def test_a_call_that_no_gradient_comes_to_has_none() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        net.layer(X).sin()
        return net.layer(X).cos()

    passes = went_back(forward, torch.rand(2, 4))
    assert passes.row("sin").backward is None
    assert passes.row("cos").backward is not None


def test_several_results_of_one_call_count_together() -> None:
    def forward(net: Steps, X: Tensor) -> Tensor:
        left, right = net.layer(X).chunk(2, -1)
        return (3 * left + 4 * right).sum()

    assert went_back(forward, torch.rand(1, 4)).row("chunk").backward.norm == pytest.approx(math.sqrt(2 * 9 + 2 * 16))


def test_gradients_are_to_the_bit_what_they_are_unwatched() -> None:
    net = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    twin, X = copy.deepcopy(net), torch.rand(2, 5, 16)
    went_back(net, X)
    run_backward(twin(X))
    for mine, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine.grad, theirs.grad)


def test_a_second_backward_replaces_what_the_first_noted() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    passes = went_back(net, torch.rand(2, 4))
    with torch.no_grad():
        net[1].weight.zero_()
    again = went_back(net, torch.rand(2, 4))
    assert again.trace.calls[1].backward.norm == 0
    assert passes.trace.calls[1].backward.norm > 0


class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        raise KeyboardInterrupt


@pytest.mark.parametrize("ending", ["done", "interrupted"])
def test_nothing_of_the_graph_stays(ending: str) -> None:
    net = nn.Linear(3, 3)
    middle = net(torch.rand(2, 3))
    output = Fails.apply(middle.exp()) if ending == "interrupted" else middle.exp()
    node, held = output.grad_fn, weakref.ref(middle)
    result = run_backward(output, net, Trace())
    assert (result.problem is None) == (ending == "done")
    assert node.metadata == {}
    del middle, node, output, result
    assert held() is None


def test_nodes_of_another_thread_belong_to_no_call() -> None:
    class Threads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, X: Tensor) -> Tensor:
            results: list[Tensor] = []
            thread = threading.Thread(target=lambda: results.append(self.b(X)))
            thread.start()
            thread.join()
            return self.a(X) + results[0]

    passes = went_back(Threads(), torch.rand(2, 4))
    assert passes.result.problem is None
    assert all(row.backward is None for row in passes.trace.calls)


def test_a_deep_graph_is_gone_back_through_unwatched() -> None:
    X = torch.ones(1, requires_grad=True)
    Y = X
    for _ in range(10_010):
        Y = Y * 1.0
    result = run_backward(Y, None, Trace())
    assert result.problem is None
    assert not result.watched
    assert X.grad is not None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.complex64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (70, 70), (0,)])
def test_norms_of_every_kind(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    norms = Norms()
    gradients = [torch.randn(shape).to(dtype) for _ in range(3)]
    for slot, gradient in enumerate(gradients):
        norms.add(slot, gradient)
    norms.finish()
    wide = torch.complex128 if dtype.is_complex else torch.float64
    assert [norms.values[slot] for slot in range(3)] == pytest.approx(
        [float(torch.linalg.vector_norm(gradient, dtype=wide)) for gradient in gradients], rel=1e-4
    )


@pytest.mark.parametrize("value", [1e-30, 1e30, 0.0, math.inf, math.nan])
def test_squares_that_do_not_fit_are_no_zero_and_no_infinity(value: float) -> None:
    norms = Norms()
    for slot, elements in enumerate([4, 4, 5000]):
        norms.add(slot, torch.full((elements,), value))
    norms.finish()
    expected = [abs(value) * math.sqrt(elements) if value else 0.0 for elements in (4, 4, 5000)]
    assert [norms.values[slot] for slot in range(3)] == pytest.approx(expected, nan_ok=True)


def test_sparse_gradients_have_norms() -> None:
    net = nn.Embedding(10, 4, sparse=True)
    watch = BackwardWatch()
    loss = net(torch.tensor([1, 1, 3])).sum()
    with watch.over([loss]):
        loss.backward()
    assert next(watch.leaves()).variable == id(net.weight)
    (slot,) = next(watch.leaves()).arriving.values()
    assert watch.norm(slot) == pytest.approx(math.sqrt(4 * 4 + 4))  # row 1 was read twice


def test_a_weight_that_a_layer_turns_has_the_gradient_that_came_to_the_layer() -> None:
    net, X = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2, bias=False)), torch.rand(5, 4)
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        loss = net(X).square().sum()
    watch = watch_of(trace)
    with watch.over([loss]):
        loss.backward()
    turned = [step for step in watch.steps if step.name == "TBackward0"]
    assert [step.seconds for step in turned] == [0.0, 0.0]
    assert not {watch.steps.index(step) for step in turned} & set(watch.order)
    for leaf in watch.leaves():
        assert leaf.leaf is not None
        parameter = leaf.leaf()
        assert parameter is not None
        assert parameter.grad is not None
        assert watch.arrived(leaf) == pytest.approx(parameter.grad.norm().item())


def test_a_hook_on_a_weight_that_the_user_turned_is_seen() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(3, 4))

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            weight = self.weight.t()
            weight.register_hook(lambda gradient: gradient * 10)
            return X @ weight

    net, trace = Turned(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        loss = net(torch.rand(5, 4)).sum()
    watch = watch_of(trace)
    with watch.over([loss]):
        loss.backward()
    (leaf,) = watch.leaves()
    assert net.weight.grad is not None
    assert watch.arrived(leaf) == pytest.approx(net.weight.grad.norm().item())


def test_a_loss_outside_of_the_network_is_of_no_call() -> None:
    net = nn.Linear(3, 2)
    passes = went_back(Steps(lambda steps, X: steps.layer(X)), torch.rand(2, 4))
    assert passes.result.watched
    result = run_backward(F.mse_loss(net(torch.rand(1, 3)), torch.zeros(1, 2)), net, passes.trace)
    assert result.watched
    assert passes.trace.calls[0].backward is None


def test_gradients_of_many_small_operations_are_measured_while_the_backward_goes_on() -> None:
    X = torch.ones(3, requires_grad=True)
    Y = X
    for _ in range(5 * LATELY):
        Y = Y * 2.0 if Y.max() < 1e3 else Y * 0.5
    watch = BackwardWatch()
    loss = Y.sum()
    with watch.over([loss]):
        loss.backward()
    gradient = torch.ones(3)
    assert watch.order == list(range(5 * LATELY + 1))
    for step in watch.steps[1:-1]:
        assert step.seconds is not None
        assert watch.arrived(step) == pytest.approx(gradient.norm().item())
        (norm,) = watch.gave(step)
        gradient = gradient * (norm / gradient.norm())
        assert norm in (pytest.approx(2 * watch.arrived(step)), pytest.approx(0.5 * watch.arrived(step)))
    assert X.grad is not None
    assert gradient.tolist() == pytest.approx(X.grad.tolist())


def test_what_passed_until_a_backward_failed_is_known() -> None:
    def fail(gradient: torch.Tensor) -> None:
        raise ValueError("no")

    X = torch.ones(3, requires_grad=True)
    Y = X * 2
    Y.register_hook(fail)
    loss = (Y * 3).sum()
    watch = BackwardWatch()
    with pytest.raises(ValueError, match="no"), watch.over([loss]):
        loss.backward()
    assert [watch.steps[index].name for index in watch.order] == ["SumBackward0", "MulBackward0"]
    assert watch.gave(watch.steps[1]) == [pytest.approx(3 * math.sqrt(3))]
