"""Warnings within a traced forward, against what the plain run gives: the same line, and as often."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.trace.tracing import Trace, tracing

HERE = Path(__file__).name


def helper(level: int) -> None:
    warnings.warn("from a helper", UserWarning, stacklevel=level)


class Own(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        warnings.warn("mine", stacklevel=1)
        helper(1)
        helper(2)  # here
        return x


class Softmax(nn.Module):
    """Torch's Python code warns two frames further out."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.softmax(x)  # here


class Scalar(nn.Module):
    """C++ warns at the frame that called it."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone().requires_grad_()
        return x * float(x.sum())  # here


class Layers(nn.Module):
    """Torch's own layer warns from its forward."""

    def __init__(self) -> None:
        super().__init__()
        self.soft = nn.Softmax()

    def forward(self, x: Tensor) -> Tensor:
        return self.soft(x)  # here


class Broadcast(nn.Module):
    """Torch's Python code warns at a line of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.mse_loss(x, x[:1])  # here


class Inner(nn.Module):
    """Warns at its caller, over torch's frames."""

    def forward(self, x: Tensor) -> Tensor:
        warnings.warn("the caller's", stacklevel=3)
        return x


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)  # here


def line_of(kind: type[nn.Module]) -> int:
    lines = Path(__file__).read_text().splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(f"class {kind.__name__}("))
    return next(index for index in range(first, len(lines)) if lines[index].endswith("# here")) + 1


def traced(network: nn.Module, runs: int = 1, action: str = "always") -> list[tuple[str, int]]:
    return collected(network, runs, action, lambda: tracing(network, LiveTree.of(network), Trace()))


def collected(network: nn.Module, runs: int, action: str, around: Callable[[], object]) -> list[tuple[str, int]]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter(action)  # type: ignore[arg-type]
        for _ in range(runs):
            with around():  # type: ignore[attr-defined]
                network(torch.rand(2, 3))
    return [(Path(each.filename).name, each.lineno) for each in found]


def plain(network: nn.Module, runs: int = 1, action: str = "always") -> list[tuple[str, int]]:
    return collected(network, runs, action, torch.enable_grad)


def test_the_users_own_warnings_are_left_as_they_are() -> None:
    assert traced(Own()) == plain(Own())
    assert traced(Own())[-1] == (HERE, line_of(Own))


@pytest.mark.parametrize("kind", [Softmax, Layers, Broadcast, Outer])
def test_a_warning_is_reported_at_the_users_line(kind: type[nn.Module]) -> None:
    assert traced(kind()) == [(HERE, line_of(kind))]


def test_a_warning_of_c_is_reported_at_the_users_line() -> None:
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # it gives this one once in a process else
    try:
        assert traced(Scalar()) == plain(Scalar()) == [(HERE, line_of(Scalar))]
    finally:
        torch.set_warn_always(before)


class Twice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        a = nn.functional.softmax(x)
        return a + nn.functional.softmax(x)


@pytest.mark.parametrize("action", ["default", "always", "module", "once", "ignore"])
def test_filters_let_through_as_many_as_without_the_recorder(action: str) -> None:
    assert traced(Twice(), 2, action) == plain(Twice(), 2, action)


def test_what_was_shown_once_in_a_line_is_not_shown_again_after_a_plain_run() -> None:
    network = Twice()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        network(torch.rand(2, 3))
        with tracing(network, LiveTree.of(network), Trace()):
            network(torch.rand(2, 3))
        network(torch.rand(2, 3))
    assert len(found) == 2


def test_a_filter_of_errors_raises() -> None:
    network = Softmax()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Implicit dimension"), tracing(network, LiveTree.of(network), Trace()):
            network(torch.rand(2, 3))


def test_a_filter_for_the_users_module_holds() -> None:
    network = Softmax()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", module=__name__.replace(".", r"\."))
        with tracing(network, LiveTree.of(network), Trace()):
            network(torch.rand(2, 3))
    assert found == []


def test_everything_is_as_before_afterwards_and_in_other_threads() -> None:
    before = warnings._showwarnmsg  # type: ignore[attr-defined]
    network = Own()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with tracing(network, LiveTree.of(network), Trace()):
            thread = threading.Thread(target=nn.functional.softmax, args=(torch.rand(2, 3),))
            thread.start()
            thread.join()
    assert warnings._showwarnmsg is before  # type: ignore[attr-defined]
    assert [Path(each.filename).name for each in found] == ["threading.py"]
