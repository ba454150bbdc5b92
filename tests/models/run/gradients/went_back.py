"""Small networks that were run forward and backward, for the tests beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from models.live.live_tree import LiveTree
from models.run.backward import BackwardResult, run_backward
from models.run.forward import run_forward
from models.run.replaced import replaced_parameters
from models.run.trace.calls import Call
from models.run.trace.record import Trace
from tests.models.run.trace.recorded import Steps


@dataclass
class Passes:
    net: nn.Module
    trace: Trace
    output: object
    result: BackwardResult

    def rows(self, op: str) -> list[Call]:
        """Return the rows of an operation, or of the modules of a class."""
        return [row for row in self.trace.calls if row.op == op]

    def row(self, op: str) -> Call:
        (row,) = self.rows(op)
        return row


def went_back(net: nn.Module | Callable[..., object], *args: object) -> Passes:
    """Run a network, or a function as the forward of `Steps`, forward and backward."""
    net = net if isinstance(net, nn.Module) else Steps(net)
    trace, tree = Trace(), LiveTree.of(net)
    forward = run_forward(net, args, {}, tree, trace)
    assert forward.problem is None
    after = tree if tree.is_current() else LiveTree.of(net)
    trace.replaced = replaced_parameters(tree, after, trace)
    return Passes(net, trace, forward.output, run_backward(forward.output, net, trace, after))


def line_of(function: Callable[..., object], text: str, file: str) -> str:
    """Return `file.py:12` of the one line of a function's source that holds `text`."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    (index,) = [index for index, line in enumerate(lines) if text in line]
    return f"{file}:{first + index}"
