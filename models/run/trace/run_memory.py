"""What the calls of a run with values take: the most memory of the run's own tensors that is in use while each runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ...tensors.tensors import shape_of
from .calls import Call
from .live_memory import LiveMemory
from .meter import MemoryWatch

_PLAIN = (bool, int, float, str, type(None))


class RunMemory:
    """The memory of one run.

    Args:
        given: tensors whose memory is there anyway.
    """

    def __init__(self, given: Iterable[Tensor]) -> None:
        self.live = LiveMemory(given)
        self._within = 0
        """The most that was in use within the operation that is over; 0 where that was not looked at."""
        self._known: dict[object, int] = {}
        """By function and arguments, how much more than before that was."""

    def given(self, tensors: Iterable[Tensor]) -> None:
        """Take in tensors that the network is given."""
        for tensor in tensors:
            self.live.take(tensor, counted=False)

    def took(self, call: Call, output: Tensor | None = None) -> None:
        """Count the memory of what a call gave, None for nothing new, and note in the call the most that was in use."""
        memory = self.live
        call.peak = memory.live if output is None else memory.take(output)
        if self._within:
            call.peak, self._within = max(call.peak, self._within), 0

    def run(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run an operation, and count meanwhile what it takes, where it is made of many whose tensors nothing holds.

        With gradients the graph holds most of them, and says so afterwards.  It takes time: of calls alike the first
        is looked at.
        """
        if torch.is_grad_enabled() or torch._C._len_torch_dispatch_stack():
            return function(*args, **kwargs)
        memory = self.live
        key = name, *map(_described, args), *[(key, _described(value)) for key, value in kwargs.items()]
        known = self._known.get(key)
        if known is not None:
            self._within = memory.live + known
            return function(*args, **kwargs)
        live, before = memory.live, memory.start()
        try:
            with MemoryWatch(memory):
                return function(*args, **kwargs)
        finally:
            self._within = memory.end(before)
            self._known[key] = self._within - live


def _described(value: object) -> object:
    """Return what of an argument says how much memory an operation takes."""
    if isinstance(value, Tensor):
        return shape_of(value), value.dtype
    return value if isinstance(value, _PLAIN) else type(value)
