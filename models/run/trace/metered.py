"""A recorder that measures memory too, and counts what does not follow from the names of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

import torch
from torch import nn

from ...live.live_tree import LiveTree
from .calls import Call
from .costs import Cost, has_formula
from .frame import Frame
from .meter import Meter
from .operations import operation_name
from .record import Trace
from .recorder import Recorder

WORKSPACE = "what its kernel keeps for backward in memory of its own is not counted without values"


class MeteredRecorder(Recorder):
    """Records the peak of live memory at each call, and no seconds: those of a run without values say nothing.

    Args:
        meter: entered as a mode while this is.
    """

    def __init__(self, tree: LiveTree, trace: Trace, max_calls: int | None, meter: Meter) -> None:
        super().__init__(tree, trace, max_calls)
        self._meter = meter

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        before = self._meter.memory.start()
        self._meter.count(not has_formula(operation_name(func) or ""))
        try:
            return super().__torch_function__(func, types, args, kwargs)
        finally:
            self._meter.memory.end(before)

    def _enter(self, module: nn.Module, args: tuple[Any, ...], python: FrameType) -> Frame | None:
        frame = super()._enter(module, args, python)
        if frame is not None:
            frame.peak = self._meter.memory.start()
        return frame

    def _complete(self, frame: Frame, output: object, raised: BaseException | None, now: float) -> None:
        super()._complete(frame, output, raised, now)
        frame.call.peak = self._meter.memory.end(frame.peak)
        frame.call.seconds = frame.call.self_seconds = None

    def _count(self, frame: Frame, call: Call, cost: Cost | None) -> None:
        call.peak = self._meter.memory.peak
        call.seconds = call.self_seconds = None
        if call.op == "lstm" and torch.is_grad_enabled():
            call.add_note(WORKSPACE)
        super()._count(frame, call, cost or self._meter.counted())
