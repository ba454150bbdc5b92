"""Findings about the numbers that losses are given, softmaxes along a wrong dimension, dropout, and what is made anew;
sound networks that look alike have none.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.findings.evidence import Evidence
from models.findings.kinds import loss_shape
from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.trace.record import Trace
from tests.models.findings.finding import findings, kinds, only, rows

CLASSES = torch.tensor([0, 1, 2, 0])


class Head(nn.Module):
    """Linear layers, and what a function makes of them and of the input."""

    def __init__(self, then: Callable[..., Tensor]) -> None:
        super().__init__()
        self.fc, self.one, self.square = nn.Linear(4, 3), nn.Linear(4, 1), nn.Linear(4, 4)
        self.drop, self.norm = nn.Dropout(0.5), nn.BatchNorm1d(4)
        self._then = then

    def forward(self, x: Tensor) -> Tensor:
        return self._then(self, x)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (lambda net, x: F.nll_loss(net.fc(x), CLASSES), "nll_loss reads what `fc` gives, and takes log-probabilities"),
        (lambda net, x: F.nll_loss(net.fc(x) * 0 + 0.5, CLASSES), "and got up to 0.5: `log_softmax` before it fits"),
        (lambda net, x: F.nll_loss(net.fc(x).log_softmax(0), CLASSES), "`dim=1` normalises those"),
        (lambda net, x: F.cross_entropy(net.one(x), CLASSES * 0), "is of one class, so it is 0"),
        (lambda net, x: F.cross_entropy(net.fc(x), -torch.ones(4, 3)), "none of which is below 0"),
        (
            lambda net, x: F.binary_cross_entropy_with_logits(net.one(x), torch.tensor([[1.0], [2], [1], [2]])),
            "got 1 to 2: `target - 1` fits",
        ),
        (
            lambda net, x: F.binary_cross_entropy_with_logits(net.one(x), torch.full((4, 1), 255.0)),
            "`target / 255` fits",
        ),
        (lambda net, x: F.binary_cross_entropy(torch.ones(4, 1), net.one(x).sigmoid()), "the output comes first"),
        (
            lambda net, x: F.kl_div(net.fc(x).log_softmax(1), net.fc(x).log_softmax(1), reduction="batchmean"),
            "`log_target=True` fits",
        ),
    ],
)
def test_a_loss_that_is_given_numbers_it_does_not_take(then: Callable[..., Tensor], said: str) -> None:
    found = only("loss_input", findings(Head(then), rows(4, 4)))
    assert found.severity == "warning"
    assert said in found.text
    assert (found.where or "").startswith("test_losses_and_softmaxes.py:")


@pytest.mark.parametrize(
    "then",
    [
        lambda net, x: F.nll_loss(torch.log(net.fc(x).softmax(1) + 1e-12), CLASSES),
        lambda net, x: F.cross_entropy(net.fc(x), torch.full((4, 3), 1 / 3)),
        lambda net, x: F.binary_cross_entropy_with_logits(net.one(x), torch.rand(4, 1)),
        lambda net, x: F.binary_cross_entropy(net.one(x).sigmoid(), torch.ones(4, 1)),
        lambda net, x: F.kl_div(
            net.fc(x).log_softmax(1), net.fc(x).log_softmax(1), reduction="batchmean", log_target=True
        ),
        lambda net, x: ((net.one(x) - torch.ones(4, 1)) ** 2).mean(),
        lambda net, x: (net.one(x) - net.one(x).squeeze(-1)).abs().mean(),
        lambda net, x: (net.one(x) - torch.ones(4)).softmax(1),
        lambda net, x: net.one(x[:, None].expand(4, 5, 4)).softmax(1).sum(1),
        lambda net, x: net.one(x[:, None]).squeeze(-1).softmax(-1) * net.fc(x),
        lambda net, x: F.cross_entropy(net.fc(x[:1]) @ net.fc(x[:1]).T, CLASSES[:1]),
        lambda net, x: F.nll_loss((net.fc(x) @ x[:, :3].T).log_softmax(0), torch.arange(4)),
    ],
)
def test_numbers_that_a_loss_takes_are_sound(then: Callable[..., Tensor]) -> None:
    assert kinds(findings(Head(then), rows(4, 4))) == set()


def test_a_difference_by_hand_of_a_column_and_a_row() -> None:
    found = only("loss_shape", findings(Head(lambda net, x: ((net.one(x) - torch.ones(4)) ** 2).mean()), rows(4, 4)))
    assert found.severity == "warning"
    assert found.text == (
        "sub of [4, 1] from `one` and [4] compares each element with several, as [4, 4]; `.squeeze(-1)` of the output "
        "fits"
    )


def test_many_differences_by_hand_are_looked_at_in_linear_time() -> None:
    rounds = 1000

    def forward(net: Head, x: Tensor) -> Tensor:
        total = x.new_zeros(())
        for each in net.many:
            total = total + ((each(x) - torch.ones(4)) ** 2).mean()
        return total

    net = Head(forward)
    net.many = nn.ModuleList(nn.Linear(4, 1) for _ in range(rounds))
    tree, trace = LiveTree.of(net), Trace()
    run_forward(net, (rows(4, 4),), {}, tree, trace)
    began = time.process_time()
    found = list(loss_shape.find(Evidence(tree, trace)))
    assert len(found) == rounds
    assert time.process_time() - began < 2, "it was 5 s"


def test_a_softmax_over_one_output() -> None:
    found = only("softmax_of_one", findings(Head(lambda net, x: net.one(x).softmax(-1)), rows(4, 4)))
    assert found.severity == "warning"
    assert "`one` gives one number for each row" in found.text


def attention(dim: int) -> Callable[[Head, Tensor], Tensor]:
    return lambda net, x: (net.square(x) @ x.mT).softmax(dim) @ net.square(x)


def test_attention_that_is_normalised_along_another_dimension_than_it_sums_over() -> None:
    x = rows(3, 5, 4)
    found = only("softmax_dimension", findings(Head(attention(1)), x))
    assert found.severity == "note"
    assert found.text.startswith("softmax makes [3, 5, 5] sum to 1 along dimension 1, and matmul sums over dimension 2")
    found = only("softmax_dimension", findings(Head(attention(0)), x))
    assert found.severity == "warning", "the rows of the batch depend on each other"
    assert "dimension 0, the batch" in found.text
    assert "softmax_dimension" not in {each.kind for each in findings(Head(attention(-1)), x)}


def test_a_dropout_of_what_another_dropped() -> None:
    found = only(
        "dropout", findings(Head(lambda net, x: F.dropout(net.drop(net.square(x)), 0.5, net.training)), rows(64, 4))
    )
    assert found.severity == "note"
    assert "one dropout after the other" in found.text


def test_a_dropout_that_eval_mode_leaves_on() -> None:
    net = Head(lambda net, x: F.dropout(net.square(x), 0.5))
    assert "in eval mode too" in only("dropout", findings(net, rows(64, 4))).text
    assert "though the network is in eval mode" in only("dropout", findings(net.eval(), rows(64, 4))).text
    sound = Head(lambda net, x: F.dropout(net.drop(net.square(x)).relu(), 0.5, net.training)).eval()
    assert "dropout" not in {each.kind for each in findings(sound, rows(64, 4))}


def if_training(net: Head, x: Tensor) -> Tensor:
    y = net.square(x)
    if net.training:
        y = F.dropout(y, 0.5)
    return net.fc(y)


def unless_in_eval(net: Head, x: Tensor) -> Tensor:
    y = net.square(x)
    if not net.training:
        return net.fc(y)
    y = F.dropout(y, 0.5)
    return net.fc(y)


@pytest.mark.parametrize("then", [if_training, unless_in_eval])
def test_a_dropout_behind_a_condition_is_sound(then: Callable[..., Tensor]) -> None:
    assert "dropout" not in {each.kind for each in findings(Head(then), rows(64, 4))}


def test_one_batchnorm_behind_two_layers() -> None:
    net = Head(lambda net, x: net.norm(net.square(net.norm(x).relu())))
    found = only("shared_statistics", findings(net, rows(8, 4)))
    assert found.severity == "note"
    assert "called 2 times" in found.text


def test_a_parameter_that_the_forward_makes() -> None:
    net = Head(lambda net, x: net.square(x).relu() @ nn.Parameter(torch.randn(4, 2)))
    found = only("made_in_forward", findings(net, rows(4, 4)))
    assert found.severity == "warning"
    assert found.text.startswith("matmul reads a parameter that the forward itself makes")


def with_copy(net: Head, x: Tensor) -> Tensor:
    return net.fc(copy.deepcopy(net.norm)(net.square(x)))


def with_search(net: Head, x: Tensor) -> Tensor:
    y, best = net.square(x), nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.SGD([best], 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (y.detach() + best).square().mean().backward()
        optimizer.step()
    return net.fc(y + best.detach())


@pytest.mark.parametrize("then", [with_copy, with_search])
def test_a_parameter_that_is_copied_or_trained_in_the_forward_is_sound(then: Callable[..., Tensor]) -> None:
    assert kinds(findings(Head(then), rows(4, 4))) == set()


class Keeping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        self.mean = self.mean * 0.9 + y.mean(0) * 0.1
        return y


def test_a_buffer_that_keeps_the_graph() -> None:
    found = only("kept_graph", findings(Keeping(), rows(4, 4)))
    assert (found.severity, found.path) == ("note", "mean")
    assert "keep `.detach()` of it" in found.text


def as_state(net: Head, x: Tensor) -> Tensor:
    net.state = net.square(x) + net.state
    return net.fc(net.state)


def as_part_of_the_loss(net: Head, x: Tensor) -> Tensor:
    net.penalty = net.square(x).square().mean()
    return net.fc(x)


def test_an_attribute_that_keeps_the_graph_is_a_state_if_the_forward_reads_it() -> None:
    net = Head(as_state)
    net.state = torch.zeros(4, 4)
    assert only("kept_graph", findings(net, rows(4, 4))).path == "state"
    net = Head(as_part_of_the_loss)
    for _ in range(2):
        assert "kept_graph" not in {each.kind for each in findings(net, rows(4, 4))}, "that needs its graph"
