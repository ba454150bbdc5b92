"""Parameters that a forward replaces: followed to the new objects, with the line that did it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.replaced import replaced_parameters, replaced_text
from models.run.trace.tracing import Trace

HERE = Path(__file__).name


class Halves(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)  # here
        return self.fc(x)


class Rebuilds(Halves):
    def forward(self, x: Tensor) -> Tensor:
        self.fc = nn.Linear(3, 2)  # here
        return self.fc(x)


class Removes(Halves):
    def forward(self, x: Tensor) -> Tensor:
        del self.fc.weight
        self.fc.weight = nn.Parameter(torch.ones(2, 3))  # here
        return self.fc(x)


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ws = nn.ParameterList([torch.ones(3), torch.ones(3)])

    def forward(self, x: Tensor) -> Tensor:
        self.ws[1] = nn.Parameter(x.detach()[0])  # here
        return x * self.ws[0] * self.ws[1]


class Adds(Halves):
    def forward(self, x: Tensor) -> Tensor:
        self.more = nn.Linear(2, 2)
        return self.more(self.fc(x))


def line_of(kind: type[nn.Module]) -> str:
    lines = Path(__file__).read_text().splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(f"class {kind.__name__}("))
    return f"{HERE}:{next(index for index in range(first, len(lines)) if lines[index].endswith('# here')) + 1}"


def replaced(network: nn.Module) -> tuple[dict[str, str], Trace]:
    before, trace = LiveTree.of(network), Trace()
    assert run_forward(network, (torch.rand(2, 3),), {}, before, trace).problem is None
    return replaced_parameters(before, LiveTree.of(network), trace), trace


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (Halves, ["fc.weight"]),
        (Rebuilds, ["fc.weight", "fc.bias"]),
        (Removes, ["fc.weight"]),
        (Listed, ["ws.1"]),
    ],
)
def test_what_was_replaced_and_where(kind: type[nn.Module], paths: list[str]) -> None:
    found, _ = replaced(kind())
    assert found == dict.fromkeys(paths, line_of(kind))
    assert line_of(kind) in replaced_text(found)


@pytest.mark.parametrize("network", [Adds(), nn.Linear(3, 2), nn.LazyLinear(2)])
def test_what_came_or_got_its_shape_replaced_nothing(network: nn.Module) -> None:
    found, trace = replaced(network)
    assert found == {}
    assert replaced_text(found) == ""
    assert not any("replaces" in call.note for call in trace.calls)


def test_the_call_that_replaces_says_so() -> None:
    _, trace = replaced(Halves())
    assert trace.calls[0].note == "replaces fc.weight"


def test_replaced_past_the_registration() -> None:
    class Past(Halves):
        def forward(self, x: Tensor) -> Tensor:
            self.fc._parameters["weight"] = nn.Parameter(torch.ones(2, 3))
            return self.fc(x)

    found, _ = replaced(Past())
    assert found == {"fc.weight": ""}
    assert replaced_text(found) == "the forward replaced fc.weight: an optimizer made before holds the old one"
