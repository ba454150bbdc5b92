"""What the graph of a run leaves out: of each operation whether a gradient flows back through what it read and gave.

The reasons of missing gradients are found in it (`models/run/gradients/reasons.py`).  Holds calls, never a tensor.
"""

from __future__ import annotations

import sys
from os.path import basename
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import torch
from msgspec import Struct
from torch import Tensor
from torch._C import TensorBase

from .calls import Call
from .flow import Read, storage_of, version_of
from .frame import Frame
from .shapes import tensors_in
from .where import is_torch_file, where_of

if TYPE_CHECKING:
    from .reading import Reading

LIMIT = 20_000
"""Operations that are remembered."""
sequence_number = torch._C._autograd._get_sequence_nr
"""Return the number that the next node of autograd's graph will have, in this thread."""
switch = torch._C._set_grad_enabled
"""What `torch.no_grad` and the like call."""
_requires_grad = TensorBase.__dict__["requires_grad"].__get__


class LineageEvent(Struct, eq=False, gc=False):
    """An operation as autograd sees it."""

    call: Call
    first: int
    """The number that its first node has, or would have had."""
    reads: list[Read]
    """The calls that made what it read; whether a gradient flows back to each."""
    gives: bool
    """Whether a gradient flows back to it."""
    grad: bool
    """Whether gradients were switched on."""
    off_at: str
    """Where they were switched off, if that was within the run: `net.py:12`."""
    off_by: str = ""
    """By what: `torch.no_grad`, `torch.inference_mode`, `checkpoint`; empty where that is not known."""


class Lineage:
    """The operations of a run in their order, at most `LIMIT`."""

    def __init__(self) -> None:
        self.events: list[LineageEvent] = []
        self.results: list[tuple[int, Call]] = []
        """Of each tensor in what the network returned its identity, and the call that made it."""
        self.writes: list[tuple[int, int, Call]] = []
        """Of each write in place, at most `LIMIT`: what stands for the memory, the version that it made, the call."""
        self.hooks: dict[int, str] = {}
        """By identity of a call, the line that put a hook on the gradient of what it gave, at most `LIMIT`."""
        self._off_at = ""
        self._off_by = ""

    @property
    def complete(self) -> bool:
        """Return whether all operations are known."""
        return len(self.events) < LIMIT

    def note(self, call: Call, reading: Reading, output: object, grad: bool) -> None:
        """Note an operation that is over; `grad` says whether gradients were switched on."""
        if len(self.events) >= LIMIT:
            return
        reads = reading.reads
        if isinstance(output, Tensor):
            gives = _requires_grad(output)
        else:  # what gives nothing writes into its first, as `__setitem__` does
            outputs = reading.tensors[:1] if output is None else list(tensors_in(output))
            gives = any(map(_requires_grad, outputs))
        if not grad and not gives:
            for _, live in reads:
                if live:  # a gradient flows back to what a function as a whole gives
                    gives = _within_function()
                    break
        by = "" if grad else "torch.inference_mode" if torch.is_inference_mode_enabled() else self._off_by
        self.events.append(LineageEvent(call, reading.first, reads, gives, grad, "" if grad else self._off_at, by))

    def no_call(self, reading: Reading, python: FrameType) -> Call | None:
        """Note a hook on the gradient of a tensor, which may make anything of it; return None: it is no call."""
        if reading.name == "register_hook" and len(self.hooks) < LIMIT:
            for call, _ in reading.reads[:1]:
                self.hooks.setdefault(id(call), where_of(python))
        return None

    def wrote(self, tensor: Tensor, call: Call) -> None:
        """Note a write in place."""
        if len(self.writes) < LIMIT:
            self.writes.append((storage_of(tensor), version_of(tensor), call))

    def switched(self, on: bool, python: FrameType, frames: list[Frame]) -> None:
        """Note where gradients are about to be switched on or off, within the calls of `frames`."""
        if on:
            self._off_at = self._off_by = ""
        elif frames and (torch.is_grad_enabled() or (not self._off_at and _is_checkpoint(python))):
            self._off_at = _decorated(python) or where_of(python, frames[-1].python, frames[-1].call.where)
            self._off_by = "checkpoint" if _is_checkpoint(python) else _NAMES.get(_context(python), "")


_NAMES = {"no_grad": "torch.no_grad", "set_grad_enabled": "torch.set_grad_enabled"}
_CONTEXTS = torch.no_grad.__init__.__code__.co_filename
"""The file of torch's contexts: frames of other files are not asked for their locals, which then live longer."""
_CHECKPOINT = str(Path("torch", "utils", "checkpoint.py"))


def _context(frame: FrameType | None) -> str:
    """Return the class of the context that is entered: `no_grad` sets it by another, `set_grad_enabled`."""
    found = ""
    for _ in range(2):
        if frame is None or frame.f_code.co_filename != _CONTEXTS:
            break
        found = type(frame.f_locals.get("self")).__name__
        frame = frame.f_back
    return found


def _is_checkpoint(frame: FrameType | None) -> bool:
    """Return whether torch's checkpoint, which computes without a graph first, switches gradients off."""
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_filename.endswith(_CHECKPOINT):
            return True
        frame = frame.f_back
    return False


def _within_function() -> bool:
    """Return whether the operation is part of the forward of an `autograd.Function`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "apply" and code.co_filename.endswith("function.py") and is_torch_file(code.co_filename):
            return True
        if code.co_name == "_call_impl" and is_torch_file(code.co_filename):
            return False  # the forward of a module
        frame = frame.f_back
    return False


def _decorated(frame: FrameType | None) -> str:
    """Return the line of the decorator that switches gradients off; empty where none does."""
    for _ in range(6):
        if frame is None:
            break
        if frame.f_code.co_name == "decorate_context":
            code = getattr(frame.f_locals.get("func"), "__code__", None)
            return "" if code is None else f"{basename(code.co_filename)}:{code.co_firstlineno}"  # noqa: PTH119
        frame = frame.f_back
    return ""
