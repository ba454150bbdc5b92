"""A call of a module while it goes on, and what is asked of that moment: an error in words, whether torch traces."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType

import torch
from torch import Tensor, nn

from .calls import INTERRUPTED, Call
from .costs import Cost
from .device_seconds import Account
from .modes import Mode
from .shapes import arguments_in


@dataclass(slots=True, eq=False)
class Frame:
    """A module's call that goes on."""

    module: nn.Module
    path: str
    call: Call
    place: int | None
    handled: BaseException | None
    """The exception that was being handled when the call began."""
    plain: bool
    """A layer of torch's own without children: when it runs a single operation, its own row says it all."""
    python: FrameType
    """Torch's, from which the call goes on: it stands for all that is further out."""
    mode: Mode
    """Whether gradients are recorded, and autocast, when the call began."""
    training: bool
    """The flag of the module then."""
    held: Call | None = None
    """The one operation of a plain layer so far."""
    operations: int = 0
    started: float = 0.0
    overhead: float = 0.0
    """Seconds that recording had taken when the call began."""
    within: float = 0.0
    """Seconds of the calls within it so far."""
    flops: int = 0
    """Of the operations within it so far, as far as they are counted."""
    elementwise: int = 0
    counted: bool = False
    """Whether any was."""
    counts: dict[int, int] | None = None
    """How often each module was called from here, by identity; None before the first."""
    account: Account | None = None
    """What it takes by the clock of a device; None where none was asked."""
    peak: int = 0
    """Of a run whose memory is measured: the largest that it was before the call began."""

    def counts_cost(self, call: Call, cost: Cost) -> None:
        """Write the cost of an operation within into its call, and add it to this one."""
        call.flops, call.elementwise = flops, elementwise = cost
        self.flops += flops
        self.elementwise += elementwise
        self.counted = True

    def counts_call(self, within: Frame) -> None:
        """Add what a call within it took, which is over."""
        self.within += within.call.seconds or 0.0
        self.flops += within.flops
        self.elementwise += within.elementwise
        self.counted = self.counted or within.counted

    def take_over(self, held: Call) -> None:
        """Write what is known of the one operation of a plain layer into the layer's own call."""
        call = self.call
        held.into, held.captured = call, None  # the module keeps its own
        call.tensors, call.failed, call.note = held.tensors, held.failed, call.note or held.note
        call.self_seconds = call.seconds
        call.producers, call.mode = call.producers or held.producers, call.mode + held.mode
        call.subject, held.subject = held.subject, None
        call.odd, call.along = held.odd, held.along
        call.reads_input = call.reads_input or held.reads_input
        held.producers, held.statistics = (), None  # or it would keep all those before it


def records_graph() -> bool:
    """Return whether torch makes a graph of what runs, as an export does: a look at a shape would become part of it."""
    if torch.compiler.is_compiling():
        return True
    return torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None


def first_line(error: BaseException) -> str:
    """Return class and first line of the message: `RuntimeError: mat1 and mat2 …`, at most 500 characters.

    Of what the user interrupted, `INTERRUPTED`.
    """
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    try:
        message = str(error).strip().partition("\n")[0]
    except (Exception, SystemExit):  # of a user's class, which may fail to print
        message = ""
    name = str(type.__dict__["__name__"].__get__(type(error)))
    return f"{name}: {message}"[:500] if message else name


def named_arguments(frame: FrameType) -> list[Tensor]:
    """Return the tensors among the keyword arguments of the call of a module that goes on in torch's `frame`.

    A global hook before the forward is not given them.
    """
    given = frame.f_locals.get("kwargs")
    return arguments_in((), given) if isinstance(given, dict) else []


def is_raised_from(raised: BaseException, cause: BaseException) -> bool:
    """Return whether `raised` is `cause`, or was raised from it or while it was handled."""
    seen: BaseException | None = raised
    for _ in range(20):
        if seen is None:
            return False
        if seen is cause:
            return True
        seen = seen.__cause__ or seen.__context__
    return False
