"""From what backward starts, for the shapes of results that networks and libraries return.

Each case says which parameters get a gradient when one goes back from it by hand; that is asked of torch alone.
Of `start`, `graph`, `parts`.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.run.backward import run_backward
from models.run.graph import NODE_LIMIT, reach_of
from models.run.start import start_of


class Nets(nn.Module):
    """A body and heads, so that it shows which of them a start reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 3)
        self.scale = nn.Parameter(torch.tensor(1.5))


class Pair(NamedTuple):
    logits: Tensor
    loss: Tensor


@dataclass
class Output:
    logits: Tensor
    loss: Tensor | None = None
    hidden: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class Slotted:
    __slots__ = ("logits", "total_loss")
    logits: Tensor
    total_loss: Tensor


class ModelOutput(collections.OrderedDict[str, Any]):
    """As transformers has it: a dictionary whose items are attributes too."""

    def __init__(self, **items: Any) -> None:
        super().__init__(items)
        self.__dict__.update(items)


def objective(logits: Tensor) -> Tensor:
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


def plain(**attributes: Any) -> object:
    return types.SimpleNamespace(**attributes)


def vae(net: Nets, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    recon, kl = net.a(h).square().mean(), net.b(h).square().mean()
    return recon + kl, recon, kl


def one_of(net: Nets, h: Tensor) -> tuple[Tensor, Tensor]:
    return net.a(h), net.b(h)


def cyclic(net: Nets, h: Tensor) -> object:
    result = plain(logits=net.a(h), loss=objective(net.a(h)))
    result.me = result
    return result


Make = Callable[[Nets, Tensor], object]
CASES: dict[str, tuple[Make, list[str]]] = {
    # a loss that is called so
    "dict logits, loss": (lambda n, h: {"logits": n.a(h), "loss": objective(n.a(h))}, ["['loss']"]),
    "dict loss, logits": (lambda n, h: {"loss": objective(n.a(h)), "logits": n.a(h)}, ["['loss']"]),
    "total_loss beside its parts": (
        lambda n, h: {"loss_a": n.a(h).sum(), "loss_b": n.b(h).sum(), "total_loss": n.a(h).sum() + n.b(h).sum()},
        ["['total_loss']"],
    ),
    "loss and total_loss, one made of the other": (
        lambda n, h: (lambda loss: {"loss": loss, "total_loss": loss + n.b(h).sum()})(objective(n.a(h))),
        ["['total_loss']"],
    ),
    "namedtuple": (lambda n, h: Pair(n.a(h), objective(n.a(h))), [".loss"]),
    "dataclass": (lambda n, h: Output(n.a(h), objective(n.a(h)), [h, n.b(h)]), [".loss"]),
    "dataclass with slots": (lambda n, h: Slotted(n.a(h), objective(n.a(h))), [".total_loss"]),
    "ordered dict with attributes": (lambda n, h: ModelOutput(loss=objective(n.a(h)), logits=n.a(h)), ["['loss']"]),
    "object": (lambda n, h: plain(logits=n.a(h), loss=objective(n.a(h))), [".loss"]),
    "object with a private loss": (lambda n, h: plain(logits=n.a(h), _loss=objective(n.a(h))), ["._loss"]),
    "object that leads to itself": (cyclic, [".loss"]),
    "nested": (lambda n, h: ({"logits": n.a(h)}, {"losses": {"loss": objective(n.a(h))}}), ["[1]['losses']['loss']"]),
    "the outer loss": (
        lambda n, h: {"parts": {"loss": objective(n.a(h))}, "loss": objective(n.a(h)) + n.b(h).sum()},
        ["['loss']"],
    ),
    "a loss of each row": (
        lambda n, h: {"logits": n.a(h), "loss": n.a(h).square().mean(1)},
        ["['loss']"],
    ),
    "a list of losses": (
        lambda n, h: {"loss": [n.a(h).sum(), n.b(h).sum()], "logits": n.c(h)},
        ["['loss'][0]", "['loss'][1]"],
    ),
    # names with loss in them
    "detection": (
        lambda n, h: {"loss_classifier": n.a(h).sum(), "loss_box_reg": n.b(h).sum()},
        ["['loss_classifier']", "['loss_box_reg']"],
    ),
    "an auxiliary loss alone is not all": (
        lambda n, h: {"logits": n.a(h), "aux_loss": n.body(h).mean()},
        ["['logits']"],
    ),
    "camel case": (lambda n, h: plain(logits=n.a(h), totalLoss=objective(n.a(h))), [".totalLoss"]),
    "gloss is no loss": (lambda n, h: {"image": n.a(h), "gloss": n.a(h)}, ["['image']"]),
    "loss None": (lambda n, h: {"loss": None, "logits": n.a(h)}, ["['logits']"]),
    "loss as a number": (lambda n, h: {"loss": n.a(h).sum().item(), "logits": n.a(h)}, ["['logits']"]),
    "loss detached": (lambda n, h: {"loss": objective(n.a(h)).detach(), "logits": n.a(h)}, ["['logits']"]),
    # scalars
    "tuple logits, loss": (lambda n, h: (n.a(h), objective(n.a(h))), ["[1]"]),
    "tuple loss, logits": (lambda n, h: (objective(n.a(h)), n.a(h)), ["[0]"]),
    "a loss of one element": (lambda n, h: (n.a(h), objective(n.a(h)).view(1)), ["[1]"]),
    "VAE": (vae, ["[0]"]),
    "GAN": (lambda n, h: (n.a(h).sum(), n.b(h).sum()), ["[0]", "[1]"]),
    "a scale beside the logits": (lambda n, h: (n.a(h) * n.scale.exp(), n.scale.exp()), ["[0]"]),
    # neither
    "the tensor itself": (lambda n, h: n.a(h), [""]),
    "features beside logits": (lambda n, h: one_of(n, h), ["[0]", "[1]"]),
    "auxiliary heads": (lambda n, h: (n.a(h), n.b(h), n.c(h)), ["[0]", "[1]", "[2]"]),
    "hidden states that lead nowhere else": (lambda n, h: (n.a(h), (h, h * 2)), ["[0]"]),
    "the same tensor twice": (lambda n, h: (lambda y: [y, y])(n.a(h)), ["[0]"]),
    "numbers, texts and masks first": (
        lambda n, h: ("text", 3, torch.tensor([True]), torch.tensor([1]), n.a(h)),
        ["[4]"],
    ),
    "chunks of one tensor": (lambda n, h: n.a(h).unbind(0), ["[0]"]),
    "distribution": (lambda n, h: torch.distributions.Normal(n.a(h), n.b(h).exp()), [".loc", ".scale"]),
    "packed sequence": (lambda n, h: nn.utils.rnn.pack_sequence([n.a(h), n.a(h[:1])]), [".data"]),
    "deque": (lambda n, h: collections.deque([n.a(h)]), ["[0]"]),
    "keys that are numbers": (lambda n, h: {0: n.a(h), "b": n.b(h)}, ["[0]", "['b']"]),
    "LSTM": (lambda n, h: (lambda out: (out, (out[-1], out[-1] * 2)))(n.a(h)), ["[0]"]),
    "complex": (lambda n, h: (torch.complex(n.a(h), n.b(h)), torch.tensor([2])), ["[0]"]),
    "a parameter and what it led to": (lambda n, h: (n.a.weight, n.a(h)), ["[0]", "[1]"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_start_of_each_shape_of_result(case: str) -> None:
    make, paths = CASES[case]
    net, X = Nets(), torch.rand(2, 4)
    start = start_of(make(net, net.body(X)))
    assert start is not None
    assert [found.path for found in start.tensors] == paths


@pytest.mark.parametrize("case", CASES)
def test_going_back_gives_what_torch_gives_for_the_sum_of_these(case: str) -> None:
    make, paths = CASES[case]
    net, X = Nets(), torch.rand(2, 4)
    result = run_backward(make(net, net.body(X)))
    assert result.problem is None
    mine = [parameter.grad for parameter in net.parameters()]
    output = make(net, net.body(X))
    parts = [eval(f"output{path}", {"output": output}) for path in paths]
    parts = [torch.view_as_real(part) if part.is_complex() else part for part in parts]
    theirs = torch.autograd.grad(sum(part.sum() for part in parts), list(net.parameters()), allow_unused=True)
    for one, other in zip(mine, theirs, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other)


def test_what_a_loss_leaves_out_is_said() -> None:
    net, X = Nets(), torch.rand(2, 4)
    h = net.body(X)
    start = start_of({"loss": objective(net.a(h)), "aux": net.b(h)})
    assert start is not None
    assert start.text.startswith("from ['loss']: [] float32, grad_fn NllLossBackward0")
    assert start.text.endswith("; 2 parameters lead only to ['aux']")
    several = start_of({"logits": net.a(h), "aux": net.b(h)})
    assert several is not None
    assert several.text == (
        "from the sums of ['logits'] + ['aux']; no loss in the result; ['aux'] alone leads to 2 parameters"
    )
    cut = start_of({"loss": objective(net.a(h)).detach(), "logits": net.a(h)})
    assert cut is not None
    assert cut.text.endswith("['loss'] requires no gradient")


def test_for_json() -> None:
    net, X = Nets(), torch.rand(2, 4)
    h = net.body(X)
    report = start_of((net.a(h), objective(net.a(h)))).report()  # type: ignore[union-attr]
    assert (report["output"], report["shape"], report["summed"], report["weights"]) == ("[1]", [], False, None)
    report = start_of(net.a(h)).report()  # type: ignore[union-attr]
    assert (report["output"], report["shape"], report["summed"]) == ("", [2, 3], True)
    report = start_of([net.a(h), net.b(h)]).report()  # type: ignore[union-attr]
    assert (report["output"], report["shape"], report["summed"]) == ("[0] + [1]", None, True)
    assert [each["output"] for each in report["outputs"]] == ["[0]", "[1]"]


class Chunked(nn.Module):
    """Softmax by hand."""

    def forward(self, x: Tensor) -> Tensor:
        e = x.exp()
        return e / e.sum(-1, keepdim=True)


CONSTANT: dict[str, nn.Module] = {
    "softmax": nn.Softmax(-1),
    "softmax by hand": Chunked(),
    "softmax, then another view": nn.Sequential(nn.Softmax(-1), nn.Unflatten(1, (5, 1))),
    "layer norm": nn.LayerNorm(5),
    "layer norm without weights": nn.LayerNorm(5, elementwise_affine=False),
    "batch norm": nn.BatchNorm1d(5),
    "group norm": nn.GroupNorm(1, 5),
    "pooled": nn.Sequential(nn.LayerNorm(5), nn.AvgPool1d(5)),
}


@pytest.mark.parametrize("head", CONSTANT)
def test_a_sum_that_is_constant_is_not_what_backward_starts_from(head: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 5)
    X = torch.randn(8, 6)
    layer_of_sum = nn.Linear(6, 5)
    layer_of_sum.load_state_dict(layer.state_dict())
    CONSTANT[head](layer_of_sum(X)).sum().backward()
    assert layer_of_sum.weight.grad.norm() < 1e-4  # torch itself: rounding noise
    output = CONSTANT[head](layer(X))
    result = run_backward(output)
    assert result.start is not None
    if output.shape[-1] == 1 and head == "pooled":
        return  # a mean of each row: nothing but constants, whatever the weights
    assert result.start.weighted
    assert "weights cos(0), cos(1), …" in result.text
    assert layer.weight.grad.norm() > 1e-3


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda y: y.softmax(-1).sum(), "constant whatever Softmax takes"),
        (lambda y: F.layer_norm(y, (5,)).mean(), "constant whatever NativeLayerNorm takes"),
        (lambda y: y.softmax(-1).square().sum(), ""),
        (lambda y: y.softmax(-1)[:, 0].sum(), ""),
        (lambda y: F.cross_entropy(y, torch.zeros(8, dtype=torch.long)), ""),
        (lambda y: y.log_softmax(-1).sum(), ""),
        (lambda y: y.sum(), ""),
    ],
)
def test_a_scalar_that_is_constant_is_said_to_be(result: Callable[[Tensor], Tensor], said: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 5)
    found = run_backward(result(layer(torch.randn(8, 6))))
    assert found.start is not None
    assert found.start.note.startswith(said)
    assert bool(found.start.note) == bool(said)
    assert (layer.weight.grad.norm() < 1e-5) == bool(said)


@pytest.mark.parametrize(
    "head",
    [nn.Identity(), nn.Sigmoid(), nn.LogSoftmax(-1), nn.Sequential(nn.Softmax(-1), nn.Linear(5, 2)), nn.ReLU()],
)
def test_any_other_sum_is(head: nn.Module) -> None:
    layer, X = nn.Linear(6, 5), torch.randn(8, 6)
    result = run_backward(head(layer(X)))
    assert result.start is not None
    assert not result.start.weighted
    twin = nn.Linear(6, 5)
    twin.load_state_dict(layer.state_dict())
    head(twin(X)).sum().backward()
    assert torch.equal(layer.weight.grad, twin.weight.grad)


def test_a_trained_layer_norm_has_a_sum_that_is_not_constant() -> None:
    layer, norm = nn.Linear(6, 5), nn.LayerNorm(5)
    with torch.no_grad():
        norm.weight.copy_(torch.arange(5.0))
    start = start_of(norm(layer(torch.randn(8, 6))))
    assert start is not None
    assert not start.weighted


def test_hooks_are_called_by_the_backward_alone() -> None:
    calls: list[int] = []
    softmax = nn.Softmax(-1)
    softmax.register_full_backward_hook(lambda *_: calls.append(1))
    run_backward(softmax(nn.Linear(3, 3)(torch.rand(2, 3))))
    assert calls == [1]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested")
def test_sparse_and_nested_results() -> None:
    values = torch.rand(2, requires_grad=True)
    indices = torch.tensor([[0, 1], [1, 0]])
    sparse = torch.sparse_coo_tensor(indices, values, (2, 2), check_invariants=True) * 3
    assert run_backward(sparse).problem is None
    assert torch.equal(values.grad, torch.full((2,), 3.0))
    for layout in (torch.strided, torch.jagged):
        parts = [torch.rand(2, 3, requires_grad=True), torch.rand(4, 3, requires_grad=True)]
        nested = torch.nested.as_nested_tensor(parts, layout=layout) * 2
        assert run_backward(nested).problem is None
        assert torch.equal(parts[1].grad, torch.full((4, 3), 2.0))


def test_a_long_graph_is_gone_through_in_part() -> None:
    weight = nn.Parameter(torch.rand(1))
    y = weight * 1
    for _ in range(2 * NODE_LIMIT):
        y = y + 1
    reach = reach_of([y, weight * 2])
    assert not reach.complete
    assert start_of((y, weight * 2)) is not None


def test_values_that_fail_to_be_read_hold_nothing() -> None:
    class Hostile(dict[str, Tensor]):
        def items(self) -> Any:
            raise RuntimeError("no")

    assert start_of((Hostile(a=torch.rand(1)), 1)) is None
    result = nn.Linear(1, 1)(torch.rand(1, 1))
    start = start_of((Hostile(), result))
    assert start is not None
    assert start.tensors[0].tensor is result


def test_a_generator_has_run_nothing_yet() -> None:
    problem = run_backward(x for x in [torch.rand(1)]).problem
    assert problem is not None
    assert "generator" in problem.title
    assert problem.type == "RuntimeError"


@pytest.mark.parametrize(
    ("network", "words"),
    [(nn.Linear(2, 2).requires_grad_(False), "frozen"), (nn.ReLU(), "no parameters"), (nn.Linear(2, 2), "no_grad")],
)
def test_why_nothing_can_go_back(network: nn.Module, words: str) -> None:
    problem = run_backward(network(torch.rand(1, 2)).detach(), network).problem
    assert problem is not None
    assert words in problem.message
    assert problem.type == "RuntimeError"
    assert "\n" not in problem.message


def test_whole_numbers_have_no_gradient() -> None:
    problem = run_backward((nn.Linear(2, 2)(torch.rand(1, 2)).argmax(), torch.tensor(True))).problem
    assert problem is not None
    assert problem.message.startswith("The result is of int64 and bool, which has no gradient")
