"""Of the kinds of findings that ask the network and the trace: each on at least three networks made for it."""

from __future__ import annotations

import os

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.findings.evidence import Evidence
from models.findings.registry import findings_of
from models.live.live_tree import LiveTree
from models.messages import Finding
from models.run.forward import run_forward
from models.run.trace.captured import Captures
from models.run.trace.record import Trace
from models.work.cancelled import Cancelled
from tests.models.findings.finding import findings, kinds, only, rows, without_run


class LogOfNegative(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(self.a(x).abs() - 1000)


class MaskedRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        scores = x @ x.transpose(1, 2)
        return scores.masked_fill(torch.ones(1, 3, 3, dtype=torch.bool), float("-inf")).softmax(-1)


class Overflow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x * 1000 + 1000)


class CausalMask(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        scores = x @ x.transpose(1, 2)
        return scores.masked_fill(torch.ones(3, 3, dtype=torch.bool).triu(1), float("-inf")).softmax(-1) @ x


def test_the_call_that_makes_a_nan_is_found_with_its_line() -> None:
    found = only("nan", findings(LogOfNegative(), rows(2, 4)))
    assert found.severity == "error"
    assert found.text.startswith("first NaN is made by log of -99")
    assert " at [0, 0], which read -" in found.text
    line = LogOfNegative.forward.__code__.co_firstlineno + 1
    assert found.where == f"{os.path.basename(__file__)}:{line}"  # noqa: PTH119
    assert found.call is not None


def test_a_row_of_a_mask_that_leaves_nothing_is_named_as_the_cause() -> None:
    found = only("nan", findings(MaskedRow(), rows(1, 3, 4)))
    assert found.text.startswith(
        "first NaN is made by softmax of a row, [0, 0, :], that is -inf throughout, of an infinity from masked_fill at "
    )
    assert "masked_fill" in found.text


def test_an_infinity_that_reaches_the_result_is_found() -> None:
    found = only("inf", findings(Overflow(), rows(2, 4)))
    assert found.severity == "error"
    assert "exp" in found.text


def test_a_causal_mask_is_sound() -> None:
    assert kinds(findings(CausalMask(), rows(1, 3, 4))) == set()


def test_values_that_are_no_numbers_are_found_without_a_run() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        net[0].weight[1, 2] = float("nan")
        net[1].bias.fill_(float("inf"))
        assert isinstance(net[2].running_mean, Tensor)
        net[2].running_mean[0] = float("nan")
    found = without_run(net)
    texts = {each.path: (each.kind, each.text) for each in found if each.severity == "error"}
    assert texts == {
        "0.weight": ("nan", "1 of 12 elements of the parameter is NaN"),
        "1.bias": ("inf", "2 of 2 elements of the parameter are infinite"),
        "2.running_mean": ("nan", "1 of 2 elements of the buffer is NaN"),
    }


def test_a_mask_in_a_buffer_and_the_range_of_an_observer_are_sound() -> None:
    net = nn.Linear(3, 3)
    net.register_buffer("mask", torch.full((3, 3), float("-inf")).triu(1))
    net.register_buffer("min_val", torch.tensor(float("inf")))
    assert without_run(net) == []


def test_a_parameter_that_holds_nan_is_found_once_with_the_call_that_reads_it() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        net[2].weight[0, 0] = float("nan")
    found = only("nan", findings(net, rows(2, 3)))
    assert (found.path, found.call) == ("2.weight", 3)


def dead(bias: float, last: nn.Module | None = None) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU() if last is None else last, nn.Linear(6, 2))
    with torch.no_grad():
        net[0].bias.fill_(bias)
    return net


class FunctionalDead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) - 50).mean((2, 3))


@pytest.mark.parametrize("act", [nn.ReLU(), nn.ReLU6(), nn.Threshold(0.0, 0.0)])
def test_a_layer_whose_units_are_all_dead_is_found_with_the_bias_that_did_it(act: nn.Module) -> None:
    found = only("dead_units", findings(dead(-100.0, act), rows(8, 4)))
    assert (found.severity, found.path) == ("warning", "1")
    assert "all 6 units" in found.text
    assert "8 rows" in found.text
    assert "its bias is -100 on average" in found.text


def test_dead_channels_of_an_image_are_counted_over_its_positions() -> None:
    found = only("dead_units", findings(FunctionalDead(), rows(1, 3, 8, 8)))
    assert "all 5 units of relu are 0 for all 36 rows" in found.text
    assert found.severity == "warning"


def test_some_dead_units_are_a_note_where_enough_was_seen() -> None:
    net = dead(0.0)
    with torch.no_grad():
        net[0].bias[:2] = -100.0
        net[0].bias[2:] = 100.0
    found = only("dead_units", findings(net, rows(40, 4)))
    assert found.severity == "note"
    assert found.text == "2 of 6 units of ReLU are 0 for all 40 rows seen"
    assert not [each for each in findings(net, rows(20, 4)) if each.kind == "dead_units"]


def test_few_rows_make_no_unit_dead() -> None:
    assert only("dead_units", findings(dead(-100.0), rows(2, 4))).severity == "note"
    assert not [each for each in findings(dead(0.0), rows(64, 4)) if each.kind == "dead_units"]


class Alike(nn.Module):
    """All rows become the same behind `squash`."""

    def __init__(self, squash: nn.Module) -> None:
        super().__init__()
        self.before, self.squash, self.after = nn.Linear(4, 6), squash, nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.squash(self.before(x)))


class Constant(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones_like(x)


class MeanOfBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(0, keepdim=True) + torch.zeros_like(x)


class Saturated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x.abs() + 200)


@pytest.mark.parametrize("squash", [Constant(), MeanOfBatch(), Saturated()])
def test_the_call_from_which_all_rows_are_alike_is_found(squash: nn.Module) -> None:
    found = only("rows_alike", findings(Alike(squash), rows(5, 4)))
    assert (found.severity, found.path) == ("warning", "squash")
    assert "all 5 rows of the batch are identical" in found.text


class AlikeBetween(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.before(x) * 2
        h = h.mean(0, keepdim=True)
        h = h.expand(len(x), -1)
        return self.after(h + 1)


def test_the_operation_that_makes_rows_alike_is_named_where_copies_are_kept_and_else_those_it_can_be() -> None:
    net, x = AlikeBetween(), rows(5, 4)
    found = only("rows_alike", findings(net, x))
    assert found.path == "after"
    assert found.text.endswith(": between them lies what mul, mean, expand and 1 more gave")
    tree, trace = LiveTree.of(net), Trace(captures=Captures())
    assert run_forward(net, (x,), {}, tree, trace).problem is None
    found = only("rows_alike", findings_of(Evidence(tree, trace)))
    assert "all 5 rows of the batch are identical from expand at test_first_kinds.py:" in found.text
    assert found.call is not None
    assert trace.calls[found.call].op == "expand"


def test_rows_that_were_alike_in_the_input_are_no_finding() -> None:
    assert not findings(Alike(nn.Tanh()), rows(1, 4).expand(5, 4))
    assert not findings(Alike(nn.Tanh()), rows(5, 4))
    assert not findings(Alike(nn.Tanh()), rows(1, 4))


def test_a_last_layer_that_begins_with_zeros_makes_rows_alike_on_purpose() -> None:
    net = Alike(nn.Tanh())
    nn.init.zeros_(net.after.weight)
    found = only("rows_alike", findings(net, rows(5, 4)))
    assert (found.severity, found.path) == ("note", "after")
    assert "its weight is all zeros" in found.text


class Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.raw = [nn.Parameter(torch.randn(4))]
        self.layers = {"a": nn.Linear(4, 4), "b": nn.Linear(4, 4).requires_grad_(False)}
        self.scale = torch.ones(4)
        self.same = [self.fc]

    def forward(self, x: Tensor) -> Tensor:
        return self.layers["a"](self.fc(x)) * self.scale + self.raw[0]


def test_what_is_not_registered_is_found_and_is_serious_where_it_could_be_trained() -> None:
    found = {each.path: each for each in without_run(Hidden()) if each.kind == "unregistered"}
    severities = {path: each.severity for path, each in found.items()}
    assert severities == {
        "raw[0]": "warning", "layers['a']": "warning", "layers['b']": "note", "scale": "note",
    }  # fmt: skip
    assert "nn.ParameterList" in found["raw[0]"].text
    assert "nn.ModuleDict" in found["layers['a']"].text


class Meant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.plain = torch.ones(4, requires_grad=True)
        self.cast = nn.Parameter(torch.ones(4)).double()
        self.scaled = (nn.Parameter(torch.ones(4, 4)) * 0.02).t()
        self.listed = [torch.ones(4, requires_grad=True)]
        self.kept: Tensor | None = None
        self.of_layer = self.layer.weight.detach().clone() * 2

    def forward(self, x: Tensor) -> Tensor:
        self.kept = self.layer(x)
        return self.kept * self.plain + self.cast.float() + self.listed[0]


def test_a_plain_tensor_that_requires_a_gradient_was_meant_to_be_a_parameter() -> None:
    found = {each.path: each for each in findings(Meant(), rows(2, 4)) if each.kind == "unregistered"}
    severities = {path: each.severity for path, each in found.items()}
    assert severities == {
        "plain": "warning", "cast": "warning", "scaled": "warning", "listed[0]": "warning", "kept": "note",
        "of_layer": "note",
    }  # fmt: skip
    assert found["plain"].text.endswith("nn.Parameter registers it")
    assert "nn.ParameterList" in found["listed[0]"].text
    assert "nn.Parameter around the whole" in found["cast"].text
    assert "register_buffer" in found["of_layer"].text


def test_parameters_on_one_memory_are_found_unless_they_are_one_object_or_apart() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight  # tied: one object
    assert without_run(net) == []
    net[2].weight.data = net[0].weight.data
    found = only("same_memory", without_run(net))
    assert (found.severity, found.path) == ("warning", "2.weight")
    assert "0.weight" in found.text


def test_parts_of_one_memory_that_do_not_overlap_are_sound() -> None:
    flat = torch.randn(32)
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[0].weight.data, net[1].weight.data = flat[:16].view(4, 4), flat[16:].view(4, 4)
    assert "same_memory" not in {each.kind for each in without_run(net)}


def test_the_columns_of_a_fused_matrix_are_apart_though_their_ranges_are_not() -> None:
    q, k = torch.randn(4, 8).split(4, dim=1)
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[0].weight, net[1].weight = nn.Parameter(q), nn.Parameter(k)
    before = k.clone()
    torch.optim.SGD(net[:1].parameters(), 1.0).param_groups[0]["params"][0].data.add_(1)
    assert torch.equal(net[1].weight, before)
    assert "same_memory" not in {each.kind for each in without_run(net)}


def test_a_buffer_that_views_a_parameter_is_worth_a_note() -> None:
    net = nn.Linear(4, 4)
    net.register_buffer("first", net.weight.detach()[0])
    assert only("same_memory", without_run(net)).severity == "note"


class Replaces(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)
        return self.fc(x)


def test_a_parameter_that_the_forward_replaces_is_found_with_the_line() -> None:
    found = only("parameter_replaced", findings(Replaces(), rows(2, 3)))
    line = Replaces.forward.__code__.co_firstlineno + 1
    assert (found.severity, found.path) == ("warning", "fc.weight")
    assert found.where == f"{os.path.basename(__file__)}:{line}"  # noqa: PTH119


class Counts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        return self.fc(x)


@pytest.mark.parametrize(
    ("net", "path", "names"),
    [
        (
            nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)),
            "1",
            ("running_mean", "running_var", "num_batches_tracked"),
        ),
        (nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)), "parametrizations.weight.0", ("_u", "_v")),
        (Counts(), "", ("seen",)),
    ],
)
def test_buffers_that_the_forward_wrote_into_are_worth_a_note(net: nn.Module, path: str, names: tuple[str]) -> None:
    found = only("buffer_changed", findings(net, rows(4, 3)))
    assert (found.severity, found.path) == ("note", path)
    assert all(name in found.text for name in names)
    assert not [each for each in findings(net.eval(), rows(4, 3)) if path and each.kind == "buffer_changed"]


def test_layers_of_one_class_that_were_written_into_are_one_note() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3), nn.BatchNorm1d(3), nn.BatchNorm1d(3, momentum=None))
    found = only("buffer_changed", findings(net, rows(4, 3)))
    assert found.path == "0"
    assert found.text.endswith("(BatchNorm1d), and of 2 more `BatchNorm1d`")


class Fails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.flatten())


def test_a_failure_is_found_where_it_happened() -> None:
    found = only("failure", findings(nn.Sequential(Fails()), rows(4, 2)))
    assert (found.severity, found.path) == ("error", "0.fc")
    assert "Linear of [8]" in found.text or "linear of [8]" in found.text


def test_the_most_serious_come_first_and_a_kind_that_fails_finds_nothing() -> None:
    def one(severity: str) -> Finding:
        return Finding(kind=severity, severity=severity, text="")  # type: ignore[arg-type]

    def fails(evidence: Evidence) -> list[Finding]:
        raise ValueError

    evidence = Evidence(LiveTree.of(nn.ReLU()))
    every = [lambda evidence: [one("note"), one("error")], fails, lambda evidence: [one("warning"), one("note")]]
    assert [each.severity for each in findings_of(evidence, every)] == ["error", "warning", "note"]


def test_looking_ends_when_it_is_cancelled() -> None:
    with pytest.raises(Cancelled):
        findings_of(Evidence(LiveTree.of(nn.Linear(2, 2)), should_cancel=lambda: True))
