"""Small networks and their traces, for the tests beside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from models.live.live_tree import LiveTree
from models.messages import CallRow
from models.run.trace.tracing import Trace, tracing


def traced(net: nn.Module, *args: object, max_calls: int | None = None) -> list[CallRow]:
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace, max_calls):
        net(*args)
    return trace.page(0, 10_000)[2]


def broken(net: nn.Module, *args: object) -> Trace:
    trace = Trace()
    with pytest.raises(Exception), tracing(net, LiveTree.of(net), trace):  # noqa: B017, PT011
        net(*args)
    return trace


def repeats(rows: list[CallRow]) -> list[tuple[str, str, int]]:
    return [(row.module, row.op, row.repeat) for row in rows]


class Steps(nn.Module):
    """A function of the test as forward, with a layer at hand."""

    def __init__(self, forward: Callable[..., object]) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.run = forward

    def forward(self, *args: object, **kwargs: object) -> object:
        return self.run(self, *args, **kwargs)


def ops(forward: Callable[..., object], *args: object) -> list[str]:
    return [row.op for row in traced(Steps(forward), *args)][1:]
