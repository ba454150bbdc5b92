"""A recorded run leaves the process, torch and the network as a plain one does: on success, failure and interrupt."""

from __future__ import annotations

import copy
import gc
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import models.run.trace
from models.live.live_tree import LiveTree
from models.messages import RunMode
from models.run.backward import run_backward
from models.run.forward import run_forward
from models.run.trace.tracing import Trace
from tests.cases import slow
from tests.models.run.whole_state import differences, of_network, of_process, of_result

EVERY, SAMPLED = 1, 211
"""Lines from one interrupt to the next."""
OURS = str(Path(models.run.trace.__file__).parent.parent)


class Everything(nn.Module):
    """Draws random numbers, counts, keeps statistics, writes in place, attends, has hooks of its own."""

    def __init__(self, ending: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.att = nn.MultiheadAttention(8, 2, batch_first=True)
        self.lazy = nn.LazyLinear(3)
        self.turns = 0
        self.ending = ending
        self.register_buffer("seen", torch.zeros(()))
        self.fc.register_forward_hook(_kept)
        self.norm.register_forward_pre_hook(_kept)
        self.norm.weight.register_hook(_kept)

    def forward(self, x: Tensor) -> Tensor:
        self.turns += 1
        self.seen += 1
        x = self.drop(self.norm(self.fc(x)))
        x = self.att(x[None], x[None], x[None])[0][0] + torch.rand(8)
        self.ending()
        return self.lazy(x)


def _kept(*args: object) -> None:
    return None


def fails() -> None:
    raise ValueError("no")


def interrupted() -> None:
    raise KeyboardInterrupt


def leaves() -> None:
    raise SystemExit


def ends() -> None:
    return None


ENDINGS = pytest.mark.parametrize("ending", [ends, fails, interrupted, leaves])


def plain(net: nn.Module, x: Tensor) -> object:
    with suppress(BaseException):
        return net(x)
    return None


def recorded(net: nn.Module, x: Tensor) -> object:
    return run_forward(net, (x,), {}, LiveTree.of(net), Trace()).output


def after(run: Callable[[nn.Module, Tensor], object], net: nn.Module) -> tuple[dict[str, Any], object]:
    """The state after a run of a copy of `net`, and what it returned, all from the same random numbers."""
    net = copy.deepcopy(net)
    torch.manual_seed(3)
    output = run(net, torch.ones(5, 4))
    state = {**of_process(), **of_result(output), **of_network(net)}
    return {name: value for name, value in state.items() if not _is_of_one_object(name)}, net


def _is_of_one_object(name: str) -> bool:
    """Of a copy: what differs because its objects are others."""
    return name.endswith((".ending", "hooks"))


def without_identities(state: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, tuple) and value and isinstance(value[0], int) and value[0] > 1 << 20:
            return value[1:]
        return None if isinstance(value, int) and value > 1 << 20 else value

    return {name: plain(value) for name, value in state.items()}


@pytest.mark.parametrize(
    "ending", [lambda: None, fails, interrupted, leaves], ids=["ends", "fails", "interrupt", "exit"]
)
@pytest.mark.parametrize("mode", ["train", "eval", "no_grad", "autocast", "double", "deterministic"])
def test_a_recorded_run_leaves_what_a_plain_one_leaves(ending: Callable[[], None], mode: str) -> None:
    net = Everything(ending).train(mode != "eval")
    if mode == "double":
        net.double()
    with switched(mode):
        expected, _ = after(plain, net)
        found, _ = after(recorded, net)
    assert differences(without_identities(expected), without_identities(found)) == {}


@contextmanager
def switched(mode: str) -> Iterator[None]:
    with torch.set_grad_enabled(mode != "no_grad"), torch.autocast("cpu", enabled=mode == "autocast"):
        torch.set_default_dtype(torch.float64 if mode == "double" else torch.float32)
        torch.use_deterministic_algorithms(mode == "deterministic", warn_only=True)
        if mode == "eval":
            gc.disable()
        try:
            yield
        finally:
            gc.enable()
            torch.set_default_dtype(torch.float32)
            torch.use_deterministic_algorithms(False)


class Still(nn.Module):
    """Changes nothing by itself."""

    def __init__(self, ending: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.fc, self.att = nn.Linear(4, 8), nn.TransformerEncoderLayer(8, 2, 8, batch_first=True)
        self.register_buffer("mask", torch.zeros(3))
        self.ending = ending

    def forward(self, x: Tensor) -> Tensor:
        h = self.att(self.fc(x)[None])[0]
        self.ending()
        return h.relu()


@pytest.mark.parametrize(
    "ending", [lambda: None, fails, interrupted, leaves], ids=["ends", "fails", "interrupt", "exit"]
)
def test_nothing_differs_at_all(ending: Callable[[], None]) -> None:
    net = Still(ending).eval()
    x = torch.rand(2, 4)
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = {**of_process(), **of_network(net)}
    recorded(net, x)
    assert differences(before, {**of_process(), **of_network(net)}) == {}


def test_a_backward_leaves_nothing_at_the_graph() -> None:
    net = Still().eval()
    x = torch.rand(2, 4)
    output = recorded(net, x)
    before = {**of_process(), **of_result(output)}
    assert run_backward(output, net).problem is None
    after_ = {**of_process(), **of_result(output)}
    assert differences(before, after_) == {}
    twin = copy.deepcopy(net)
    for parameter in twin.parameters():
        parameter.grad = None
    output = plain(twin, x)
    assert isinstance(output, Tensor)


class Interrupting:
    """A tracer that raises KeyboardInterrupt at the n-th line of some functions of ours, as a signal may at any."""

    def __init__(self, at: int, names: frozenset[str] | None) -> None:
        self.left = at
        self.names = names
        self.place = ""

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(OURS):
            return None
        if self.names is not None and Path(code.co_filename).name not in self.names and code.co_name not in self.names:
            return None
        if event == "line" and _may_be_interrupted(frame):
            self.left -= 1
            if self.left == 0:
                self.place = f"{Path(code.co_filename).name}:{frame.f_lineno}"
                raise KeyboardInterrupt
        return self


def _may_be_interrupted(frame: FrameType) -> bool:
    """Whether a signal can be noticed at a line: where something is called, but not where a `with` ends."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return "(" in line and not line.startswith("with ")


@contextmanager
def tracer(found: Interrupting) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(found)
    try:
        yield
    finally:
        sys.settrace(before)


SWITCHING = frozenset(("tracing.py", "fused_path.py", "warned.py", "stack_room.py", "hints.py", "finish", "_close"))
"""Where something of the process is switched on and off."""


MODE = RunMode("eval", "no_grad", "bfloat16")
IN_A_MODE = frozenset(("run_mode.py", "run_memory.py", "__torch_dispatch__", "off"))
"""Where more is switched in a mode."""


@pytest.mark.parametrize(
    ("names", "step", "mode"),
    [(SWITCHING, EVERY, RunMode()), slow(None, SAMPLED, RunMode()), slow(IN_A_MODE, EVERY, MODE)],
    ids=["switching", "everywhere", "in a mode"],
)
def test_an_interrupt_at_any_line_of_ours_leaves_everything_as_it_was(
    names: frozenset[str] | None, step: int, mode: RunMode
) -> None:
    net = Still().train(bool(mode.training))
    x = torch.rand(2, 4)
    tree = LiveTree.of(net)
    run_forward(net, (x,), {}, tree, Trace(), mode=mode)  # what is made once is made now
    before = {**of_process(), **of_network(net)}
    for at in range(1, 50_000, step):
        interrupting = Interrupting(at, names)
        with suppress(KeyboardInterrupt), tracer(interrupting):
            run_forward(net, (x,), {}, tree, Trace(), mode=mode)
        if not interrupting.place:
            break
        found = differences(before, {**of_process(), **of_network(net)})
        assert found == {}, interrupting.place
    else:
        raise AssertionError("it never ended")
