"""Of the kinds of findings that compare, count and name what was not called: each on several networks made for it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.findings.kinds.initialisation import could_be
from models.live.describe.defaults import default_initialiser
from models.run.trace.output_statistics import statistics_of
from tests.models.findings.finding import findings, kinds, only, rows, without_run


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.used, self.other = nn.Linear(4, 4), nn.Linear(4, 2), nn.Sequential(nn.Linear(4, 2), nn.ReLU())
        self.idle = nn.Dropout()

    def forward(self, x: Tensor) -> Tensor:
        return self.used(self.body(x))


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(5))

    def forward(self, x: Tensor) -> Tensor:
        return self.experts[0](x) + self.experts[3](x)


class ReadsOnly(nn.Module):
    """Reads the weight of one that it does not call."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.called = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.called(x), self.read.weight)


def test_a_module_that_was_neither_called_nor_read_is_found_once() -> None:
    found = only("unused_module", findings(Heads(), rows(2, 4)))
    assert (found.severity, found.path) == ("note", "other")


def test_unused_siblings_are_one_finding() -> None:
    found = only("unused_module", findings(Experts(), rows(2, 4)))
    assert found.path == "experts"
    assert "3 of its 5 modules" in found.text
    assert found.text.endswith("1, 2, 4")


class Forgotten(nn.Module):
    """Makes an activation that its forward does not call."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.first, self.activation, self.last = nn.Linear(4, 4), activation, nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.first(x))


def test_an_activation_that_was_not_called_is_found() -> None:
    found = only("unused_module", findings(Forgotten(nn.ReLU()), rows(2, 4)))
    assert (found.severity, found.path) == ("note", "activation")
    assert found.text.startswith("a ReLU that the last run never called")


@pytest.mark.parametrize("activation", [nn.Sigmoid(), nn.Softmax(1), nn.Dropout(), nn.Sequential(nn.ReLU())])
def test_what_may_be_meant_for_another_time_is_not(activation: nn.Module) -> None:
    assert "unused_module" not in {each.kind for each in findings(Forgotten(activation), rows(2, 4))}


@torch.no_grad()
def test_a_fused_layer_calls_none_of_what_it_holds() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=nn.GELU(), batch_first=True).eval()
    assert "unused_module" not in {each.kind for each in findings(layer, torch.rand(2, 3, 8))}


@pytest.mark.parametrize("make", [ReadsOnly, lambda: nn.Sequential(nn.Linear(4, 4)), lambda: nn.ModuleList([Heads()])])
def test_what_was_used_or_did_not_run_is_not_unused(make: Callable[[], nn.Module]) -> None:
    net = make()
    args = () if isinstance(net, nn.ModuleList) else (rows(2, 4),)
    assert "unused_module" not in {each.kind for each in findings(net, *args)}


def test_weights_that_are_read_without_a_call_are_found_and_serious_with_hooks() -> None:
    net = ReadsOnly()
    found = only("weights_without_call", findings(net, rows(2, 4)))
    line = ReadsOnly.forward.__code__.co_firstlineno + 1
    assert (found.severity, found.path, found.where) == ("note", "read", f"{os.path.basename(__file__)}:{line}")  # noqa: PTH119
    net.read.register_forward_hook(lambda module, args, output: None)
    assert only("weights_without_call", findings(net, rows(2, 4))).severity == "warning"


def test_the_output_layer_of_attention_is_used_without_a_call() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.att = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.att(x, x, x)[0]
            return out

    found = only("weights_without_call", findings(Attention(), rows(2, 5, 8)))
    assert found.path == "att.out_proj"
    assert "multi_head_attention_forward" in found.text


def test_the_same_layer_of_many_blocks_is_one_note_unless_hooks_are_lost() -> None:
    net = nn.Sequential(*(ReadsOnly() for _ in range(3)))
    found = only("weights_without_call", findings(net, rows(2, 4)))
    assert found.path == "0.read"
    assert found.text.endswith(" (and 2 more `read`)")
    net[1].read.register_forward_hook(lambda module, args, output: None)  # type: ignore[union-attr,operator]
    both = [each for each in findings(net, rows(2, 4)) if each.kind == "weights_without_call"]
    assert [(each.severity, each.path) for each in both] == [("warning", "1.read"), ("note", "0.read")]
    assert both[1].text.endswith(" (and 1 more `read`)")


class CallsForward(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc.forward(x)


def with_weight_norm() -> nn.Module:
    net = CallsForward()
    with pytest.warns(FutureWarning):
        nn.utils.weight_norm(net.fc)
    return net


def with_hook() -> nn.Module:
    net = CallsForward()
    net.fc.register_forward_pre_hook(lambda module, args: None)
    return net


@pytest.mark.parametrize(
    ("make", "severity"), [(CallsForward, "note"), (with_hook, "warning"), (with_weight_norm, "warning")]
)
def test_a_forward_that_is_called_by_itself_is_found(make: Callable[[], nn.Module], severity: str) -> None:
    found = only("direct_forward", findings(make(), rows(2, 4)))
    assert (found.severity, found.path) == (severity, "fc")


def test_a_layer_that_is_called_is_no_finding_of_this_kind() -> None:
    every = {each.kind for each in findings(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), rows(8, 4))}
    assert not every & {"direct_forward", "weights_without_call"}


def two_layers() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))


def test_an_optimizer_that_leaves_parameters_out_is_found() -> None:
    net = two_layers()
    found = only("optimizer_incomplete", findings(net, rows(2, 4), optimizers=[torch.optim.SGD(net[0].parameters())]))
    assert (found.severity, found.path) == ("warning", "1.weight")
    assert "2 of 4 trainable parameters in no optimizer: 1.weight, 1.bias" in found.text


def test_an_optimizer_that_holds_parameters_of_before_is_found() -> None:
    net = two_layers()
    optimizer = torch.optim.Adam(net.parameters())
    net[1].weight = nn.Parameter(torch.randn(4, 4))
    found = only("optimizer_incomplete", findings(net, rows(2, 4), optimizers=[optimizer]))
    assert found.path == "1.weight"
    assert "make the optimizer anew" in found.text


@pytest.mark.parametrize("which", ["all", "two", "frozen", "another"])
def test_optimizers_that_hold_all_between_them_or_nothing_are_sound(which: str) -> None:
    net = two_layers()
    optimizers = [torch.optim.SGD(net.parameters())]
    if which == "two":
        optimizers = [torch.optim.SGD(net[0].parameters()), torch.optim.SGD(net[1].parameters())]
    if which == "frozen":
        optimizers = [torch.optim.SGD(net[0].parameters())]
        net[1].requires_grad_(False)
    if which == "another":
        optimizers = [torch.optim.SGD(nn.Linear(3, 3).parameters())]
    assert kinds(findings(net, rows(2, 4), optimizers=optimizers)) == set()


def initialised(change: Callable[[nn.Linear], object]) -> nn.Module:
    net = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 4))
    with torch.no_grad():
        change(net[0])  # type: ignore[arg-type]
    return net


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: nn.init.normal_(layer.weight, 0, 0.02),
        lambda layer: layer.weight.mul_(0.5),
        lambda layer: layer.weight.fill_(0.01),
        lambda layer: nn.init.xavier_uniform_(layer.weight),
    ],
)
def test_values_that_are_no_draw_from_the_default_initialiser_are_worth_a_note(
    change: Callable[[nn.Linear], object],
) -> None:
    found = only("not_default_initialisation", without_run(initialised(change)))
    assert (found.severity, found.path) == ("note", "0.weight")
    assert "1 of 6 parameters" in found.text


LAYERS: list[Callable[[], nn.Module]] = [
    lambda: nn.Linear(30, 40), lambda: nn.Linear(2, 1), lambda: nn.Conv2d(3, 8, 3), lambda: nn.LSTM(8, 16),
    lambda: nn.Embedding(50, 8), lambda: nn.Embedding(50, 8, padding_idx=0), lambda: nn.LayerNorm(8),
    lambda: nn.MultiheadAttention(16, 4), lambda: nn.Bilinear(4, 5, 6), lambda: nn.PReLU(),
    lambda: nn.Linear(500, 500), lambda: nn.Linear(64, 64).bfloat16(),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_a_fresh_layer_is_a_draw_from_its_initialiser(seed: int) -> None:
    torch.manual_seed(seed)
    for make in LAYERS:
        layer = make()
        for name, parameter in layer.named_parameters():
            rule = default_initialiser(layer, name)
            found = statistics_of(parameter)
            if rule and found is not None:
                assert could_be(rule, found), (layer, name, rule)


def stack(change: Callable[[nn.Linear], object]) -> nn.Module:
    net = nn.ModuleList(nn.Sequential(nn.Linear(16, 16), nn.Dropout(0.1)) for _ in range(6))
    with torch.no_grad():
        change(net[3][0])  # type: ignore[index]
    return net


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda layer: layer.weight.requires_grad_(False), "it alone is frozen; the 5 like it are trained"),
        (lambda layer: layer.weight.mul_(30), "it alone is of size 4"),
        (lambda layer: layer.weight.mul_(0.01), "it alone is of size 0.001"),
        (lambda layer: layer.double(), "it alone is float64; the 5 like it are float32"),
    ],
)
def test_a_layer_unlike_the_others_of_a_stack_is_found(change: Callable[[nn.Linear], object], text: str) -> None:
    found = [each for each in without_run(stack(change)) if each.kind == "unlike_siblings"]
    assert found[0].path == "3.0.weight"
    assert found[0].severity == "note"
    assert found[0].text.startswith(text)


def test_a_layer_alone_in_eval_mode_is_found_and_a_stack_of_equals_is_not() -> None:
    net = stack(lambda layer: None)
    assert not [each for each in without_run(net) if each.kind == "unlike_siblings"]
    net[2][1].eval()  # type: ignore[index]
    found = only("unlike_siblings", without_run(net))
    assert (found.path, found.text) == ("2.1", "it alone is in eval mode; the 5 like it are in train mode")


def test_one_batch_norm_under_two_names_is_worth_a_note() -> None:
    norm = nn.BatchNorm1d(4)
    net = nn.Sequential(nn.Linear(4, 4), norm, nn.Linear(4, 4), norm)
    found = only("shared_statistics", findings(net, rows(8, 4)))
    assert (found.severity, found.path) == ("note", "1")
    plain = nn.BatchNorm1d(4, track_running_stats=False)
    assert "shared_statistics" not in {each.kind for each in without_run(nn.Sequential(plain, plain))}


class ReturnsNothing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> None:
        self.fc(x)


def test_a_forward_that_returns_nothing_is_found_before_a_backward_too() -> None:
    found = only("failure", findings(ReturnsNothing(), rows(4, 3)))
    assert (found.severity, found.path) == ("warning", "")
    assert "returned nothing" in found.text
    found = only("failure", findings(ReturnsNothing(), rows(4, 3), backward=True, may_fail=True))
    assert found.severity == "error"
    assert "backward failed: The network returned nothing" in found.text


def test_a_module_whose_weight_is_read_by_another_name_has_a_part_in_the_result() -> None:
    class Tied(nn.Module):
        def __init__(self, tied: bool) -> None:
            super().__init__()
            self.shared, self.embed = nn.Embedding(5, 3), nn.Embedding(5, 3)
            if tied:
                self.embed.weight = self.shared.weight

        def forward(self, ids: Tensor) -> Tensor:
            return self.embed(ids)  # type: ignore[no-any-return]

    ids = torch.tensor([[0, 3]])
    assert only("unused_module", findings(Tied(False), ids)).path == "shared"
    assert not [each for each in findings(Tied(True), ids) if each.kind == "unused_module"]
