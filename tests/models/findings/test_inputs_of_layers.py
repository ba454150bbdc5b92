"""Findings about what a loss or a layer is given, and about layers made anew or without an activation between them;
sound networks that look alike have none.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.models.findings.finding import findings, kinds, only, rows

TARGET = torch.tensor([0, 1, 2, 0])


class Head(nn.Module):
    """A linear layer, and what a function makes of what it gives and of the inputs."""

    def __init__(self, then: Callable[..., Tensor]) -> None:
        super().__init__()
        self.fc, self.other, self.act = nn.Linear(4, 3), nn.Linear(4, 3), nn.Softmax(1)
        self.loss, self._then = nn.CrossEntropyLoss(), then

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        return self._then(self, self.fc(x), *others)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (
            lambda net, y: net.loss(net.act(y), TARGET),
            "takes the softmax itself: give it what `act` reads",
        ),
        (lambda net, y: F.cross_entropy(target=TARGET, input=y.softmax(1).view(-1, 3)), "takes the softmax itself"),
        (lambda net, y: F.cross_entropy(y.sigmoid(), TARGET), "takes logits: leave sigmoid out"),
        (
            lambda net, y: F.binary_cross_entropy_with_logits(y.sigmoid().squeeze(), torch.ones(4, 3)),
            "takes the sigmoid itself",
        ),
        (lambda net, y: F.binary_cross_entropy_with_logits(y.relu(), torch.ones(4, 3)), "each probability is 0.5"),
        (lambda net, y: F.nll_loss(y.softmax(1), TARGET), "`log_softmax` in its place fits"),
        (
            lambda net, y: F.kl_div(y.softmax(1), torch.full((4, 3), 1 / 3), reduction="batchmean"),
            "takes log-probabilities first",
        ),
    ],
)
def test_a_loss_that_is_given_what_it_makes_itself(then: Callable[..., Tensor], said: str) -> None:
    found = only("loss_input", findings(Head(then), rows(4, 4)))
    assert found.severity == "warning"
    assert said in found.text
    assert found.where.startswith("test_inputs_of_layers.py:")


@pytest.mark.parametrize(
    "then",
    [
        lambda net, y, logits: F.cross_entropy(y, TARGET),
        lambda net, y, logits: F.cross_entropy(y.log_softmax(1), TARGET),
        lambda net, y, logits: F.nll_loss(y.log_softmax(1), TARGET),
        lambda net, y, logits: F.cross_entropy(y, logits.softmax(1)),
        lambda net, y, logits: F.cross_entropy(logits, y.softmax(1)),
        lambda net, y, logits: F.cross_entropy(target=y.softmax(1), input=logits),
        lambda net, y, logits: F.binary_cross_entropy_with_logits(logits, y.sigmoid()),
        lambda net, y, logits: F.kl_div(y.log_softmax(1), logits.softmax(1), reduction="batchmean"),
        lambda net, y, logits: F.cross_entropy(y * logits.softmax(1), TARGET),
        lambda net, y, logits: F.binary_cross_entropy(y.sigmoid(), torch.ones(4, 3)),
    ],
)
def test_losses_that_are_given_what_they_take_are_sound(then: Callable[..., Tensor]) -> None:
    assert kinds(findings(Head(then), rows(4, 4), rows(4, 3, seed=1))) == set()


class Taking(nn.Module):
    def __init__(self, take: Callable[[Tensor], Tensor], layer: type[nn.RNNBase], batch_first: bool) -> None:
        super().__init__()
        self.layer, self._take = layer(3, 5, batch_first=batch_first), take

    def forward(self, x: Tensor) -> Tensor:
        return self._take(self.layer(x)[0])


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN])
def test_one_of_the_batch_in_place_of_a_step(layer: type[nn.RNNBase]) -> None:
    found = only("one_of_batch", findings(Taking(lambda y: y[:, -1], layer, False), rows(4, 7, 3)))
    assert (found.severity, found.path) == ("warning", "layer")
    assert found.text == (
        "`layer` gives [4, 7, 5], 4 steps of a batch of 7 (batch_first=False), and this takes one of the batch: "
        "`[-1]` is the last step of each; a batch of 4 needs `batch_first=True`"
    )
    found = only("one_of_batch", findings(Taking(lambda y: y[-1], layer, True), rows(4, 7, 3)))
    assert "`[:, -1]` is the last step of each; a batch of 7 needs `batch_first=False`" in found.text


@pytest.mark.parametrize(
    ("take", "batch_first", "shape"),
    [
        (lambda y: y[-1], False, (4, 7, 3)),
        (lambda y: y[:, -1], True, (4, 7, 3)),
        (lambda y: y[:, 0], False, (4, 1, 3)),  # a batch of one
        (lambda y: y[:, 0], False, (4, 4, 3)),  # the sizes do not show it
        (lambda y: y[:, -1], False, (4, 3)),  # no batch
        (lambda y: torch.stack([y[:, node] * node for node in range(7)]), False, (4, 7, 3)),
        (lambda y: y[:, 0] + y[:, 3].sin(), False, (4, 7, 3)),
        (lambda y: y[:, :, -1], False, (4, 7, 3)),
    ],
)
def test_steps_and_what_is_gone_through_one_by_one_are_sound(
    take: Callable[[Tensor], Tensor], batch_first: bool, shape: tuple[int, ...]
) -> None:
    assert kinds(findings(Taking(take, nn.GRU, batch_first), rows(*shape))) == set()


class Masked(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.fc, self._value = nn.Linear(4, 4), value

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.fc(x).masked_fill(mask[:, None], self._value).unsqueeze(0).softmax(-1)


def test_a_row_that_is_masked_as_a_whole_is_named_as_the_cause() -> None:
    mask = torch.tensor([False, True, False])
    found = only("nan", findings(Masked(float("-inf")), rows(3, 4), mask))
    assert "; leave an element of each row unmasked, or mask with a finite number" in found.text
    found = only("nan", findings(Masked(float("inf")), rows(3, 4), mask))
    assert "unmasked" not in found.text


class Entropy(nn.Module):
    def __init__(self, log: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.fc, self._log = nn.Linear(4, 3), log

    def forward(self, x: Tensor) -> Tensor:
        return self._log(1e5 * self.fc(x))


def test_the_logarithm_of_a_probability_that_became_0_names_what_takes_both() -> None:
    found = only("inf", findings(Entropy(lambda y: y.softmax(-1).log()), rows(8, 4)))
    assert "; `log_softmax` in place of softmax and log fits" in found.text
    found = only("nan", findings(Entropy(lambda y: y.softmax(-1) * torch.log(y.softmax(-1))), rows(8, 4)))
    assert "; `log_softmax` in place of softmax and log fits" in found.text
    found = only("inf", findings(Entropy(lambda y: y.sigmoid().log()), rows(8, 4)))
    assert "`logsigmoid`" in found.text
    assert "place of both" not in only("inf", findings(Entropy(lambda y: y.relu().log()), rows(8, 4))).text


class Decaying(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        self.scale.data = self.scale.data * 0.9
        return x * self.scale


def test_a_parameter_whose_data_the_forward_assigns_is_a_note() -> None:
    found = only("buffer_changed", findings(Decaying(), rows(2, 4)))
    assert (found.severity, found.text) == (
        "note",
        "the forward wrote into the parameter scale (by an assignment to .data)",
    )


def test_a_batch_norm_that_failed_wrote_no_statistics() -> None:
    found = only("buffer_changed", findings(nn.Sequential(nn.BatchNorm1d(4)), rows(1, 4), may_fail=True))
    assert "running_mean" not in found.text


BROADCASTS = pytest.mark.filterwarnings("ignore:Using a target size")  # torch's own word on it


@BROADCASTS
@pytest.mark.parametrize("loss", [F.mse_loss, nn.L1Loss(), F.smooth_l1_loss, nn.HuberLoss()])
def test_an_output_that_is_compared_with_all_targets(loss: Callable[..., Tensor]) -> None:
    found = only("loss_shape", findings(Head(lambda net, y: loss(y[:, :1], torch.rand(4))), rows(4, 4)))
    assert found.severity == "warning"
    assert "of [4, 1]" in found.text
    assert found.text.endswith(
        " and [4] compares each element with several, as [4, 4]; `.squeeze(-1)` of the output fits"
    )
    found = only("loss_shape", findings(Head(lambda net, y: loss(y[:, 0], torch.rand(4, 1))), rows(4, 4)))
    assert found.text.endswith("`.squeeze(-1)` of the target fits")


@BROADCASTS
@pytest.mark.parametrize("target", [(4, 3), (1, 3), (), (1,), (3,), (4, 1)])
def test_losses_of_no_more_elements_than_the_output_has_are_sound(target: tuple[int, ...]) -> None:
    assert kinds(findings(Head(lambda net, y: F.mse_loss(y, torch.rand(target))), rows(4, 4))) == set()


PAIRS: list[Callable[[Tensor], Tensor]] = [
    lambda y: F.mse_loss(y.unsqueeze(1), y.unsqueeze(0)),
    lambda y: F.mse_loss(y[:, None], y[None], reduction="none"),
    lambda y: F.l1_loss(y[:, None].expand(4, 1, 3), y.view(1, 4, 3)),
    lambda y: F.mse_loss(y[:, None], torch.rand(1, 5, 3)),
    lambda y: F.huber_loss(y[:, 0].unsqueeze(1), y[:, 0].unsqueeze(0)),
]


@BROADCASTS
@pytest.mark.parametrize("loss", PAIRS)
def test_a_loss_that_is_meant_to_be_of_all_pairs_is_sound(loss: Callable[[Tensor], Tensor]) -> None:
    assert kinds(findings(Head(lambda net, y: loss(y)), rows(4, 4))) == set()


@BROADCASTS
def test_as_many_of_one_as_of_the_other_are_found_where_nothing_says_that_it_is_meant() -> None:
    """A sequence of one step that has its batch first, and a target that has it second."""
    for loss in (
        lambda net, y: F.mse_loss(y[:, None].relu(), torch.rand(1, 4, 3)),
        lambda net, y: F.mse_loss(y[:, None], torch.rand(1, 4, 3)),
        lambda net, y: F.mse_loss(y[:, 0].unsqueeze(1), y[:, 1]),
        lambda net, y: F.mse_loss(y.mean(1, keepdim=True), y[:, 0][None]),
    ):
        assert "loss_shape" in kinds(findings(Head(loss), rows(4, 4)))


class Made(nn.Module):
    def __init__(self, make: Callable[[], nn.Module], keep: bool = False) -> None:
        super().__init__()
        self.a, self._make, self._keep = nn.Linear(4, 4), make, keep

    def forward(self, x: Tensor) -> Tensor:
        layer = self._make()
        if self._keep:
            self.b = layer
        return layer(self.a(x).relu()[:, None])


@pytest.mark.parametrize("make", [lambda: nn.Linear(4, 3), lambda: nn.Conv1d(1, 2, 3)])
def test_a_layer_that_is_made_in_the_forward(make: Callable[[], nn.Module]) -> None:
    found = only("made_in_forward", findings(Made(make), rows(3, 4)))
    assert found.severity == "warning"
    assert found.where.startswith("test_inputs_of_layers.py:")
    assert "made_in_forward" not in kinds(findings(Made(make, keep=True), rows(3, 4)))


class Projected(nn.Module):
    """Projects what a layer gives by a weight that `draw` makes in the forward."""

    def __init__(self, draw: Callable[[], Tensor]) -> None:
        super().__init__()
        self.a, self._draw = nn.Linear(4, 4), draw

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.a(x), self._draw())


def drawn() -> Tensor:
    return nn.init.kaiming_uniform_(torch.empty(3, 4))


PROJECTIONS = [
    drawn,
    lambda: torch.randn(3, 4),
    lambda: nn.Linear(4, 3).requires_grad_(False).weight,
    lambda: nn.Parameter(drawn(), requires_grad=False),
    lambda: nn.init.kaiming_uniform_(torch.empty(3, 4), generator=torch.Generator().manual_seed(0)),
]


@pytest.mark.parametrize("draw", PROJECTIONS)
def test_a_random_projection_that_is_not_to_be_learnt_is_sound(draw: Callable[[], Tensor]) -> None:
    assert kinds(findings(Projected(draw), rows(3, 4))) == set()


@pytest.mark.parametrize("draw", [lambda: nn.Linear(4, 3).weight, lambda: nn.Parameter(drawn())])
def test_a_parameter_that_is_made_in_the_forward_is_found(draw: Callable[[], Tensor]) -> None:
    assert only("made_in_forward", findings(Projected(draw), rows(3, 4))).severity == "warning"
    with torch.no_grad():
        assert "made_in_forward" in kinds(findings(Projected(draw), rows(3, 4)))


@pytest.mark.parametrize("bias", [False, True])
def test_layers_that_find_their_sizes_at_the_first_call_are_sound(bias: bool) -> None:
    assert kinds(findings(nn.Sequential(nn.LazyLinear(3, bias=bias), nn.ReLU()), rows(16, 4)), "dead_units") == set()


def chain(net: nn.Module) -> list[str]:
    return [each.path for each in findings(net, rows(3, 6)) if each.kind == "linear_chain"]


def test_a_layer_that_is_trained_behind_one_that_is_not_is_no_chain() -> None:
    assert chain(nn.Sequential(nn.Linear(6, 8).requires_grad_(False), nn.Linear(8, 2))) == []
    assert chain(nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 2))) == ["1"]


def test_linear_layers_of_two_dimensions_are_no_chain() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.features = nn.Linear(6, 6), nn.Linear(6, 6)

        def forward(self, x: Tensor) -> Tensor:
            return self.features(self.tokens(x).transpose(1, 2))

    assert [each for each in findings(Mixed(), rows(3, 6, 6)) if each.kind == "linear_chain"] == []


def test_linear_layers_with_nothing_between_are_a_note() -> None:
    found = only("linear_chain", findings(nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2)), rows(3, 6)))
    assert (found.severity, found.path) == ("note", "1")
    assert found.text.endswith("two linear layers without an activation are one (and 1 more)")
    assert chain(nn.Sequential(nn.Sequential(nn.Linear(6, 8)), nn.Linear(8, 2))) == ["1"]


def test_low_rank_and_what_others_read_too_is_no_chain() -> None:
    assert chain(nn.Sequential(nn.Linear(6, 2), nn.Linear(2, 6))) == []
    assert chain(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 6))) == []
    assert chain(nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 6))) == []

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)

        def forward(self, x: Tensor) -> object:
            y = self.a(x)
            return y, self.b(y)

    assert chain(Both()) == []


def test_one_layer_at_several_places_of_a_list_is_a_note() -> None:
    class Listed(nn.Module):
        def __init__(self, layers: list[nn.Module]) -> None:
            super().__init__()
            self.layers = nn.ModuleList(layers)

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x).tanh()
            return x

    found = only("repeated_module", findings(Listed([nn.Linear(4, 4)] * 3), rows(3, 4)))
    assert (found.severity, found.path) == ("note", "layers")
    assert found.text.startswith("all 3 are one Linear with one set of weights, as `[layer] * 3` makes it")
    shared = nn.Linear(4, 4)
    for layers in ([nn.Linear(4, 4), nn.Linear(4, 4)], [nn.ReLU()] * 3, [shared, nn.ReLU(), shared], []):
        assert not [each for each in findings(Listed(layers), rows(3, 4)) if each.kind == "repeated_module"]


def test_a_plain_tensor_that_requires_a_gradient_is_told_to_become_a_parameter() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.scale, self.last = nn.Linear(4, 3), torch.ones(3, requires_grad=True), torch.zeros(1)

        def forward(self, x: Tensor) -> Tensor:
            self.last = self.fc(x) * self.scale
            return self.last

    (found,) = [each for each in findings(Scaled(), rows(2, 4)) if each.severity == "warning"]
    assert (found.kind, found.path) == ("unregistered", "scale")
    assert found.text.endswith("nn.Parameter registers it")


def test_a_network_that_keeps_its_input_and_what_it_made_of_it_is_sound() -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            self.x, self.weights = x, x.softmax(-1)
            return self.layer(x)

    net, given = Keeps(), rows(2, 4).requires_grad_()
    for _ in range(2):
        found = [each for each in findings(net, given) if each.kind == "unregistered"]
        assert {each.severity for each in found} == {"note"}
