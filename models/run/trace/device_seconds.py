"""Seconds of operations on an accelerator, by its own clock: the processor only hands them over and goes on.

Events before and behind an operation are read once some hundreds wait, or the run is over; rows that were recorded
with what the handing over took are corrected then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._C import TensorBase

from .calls import Call
from .record import Trace

is_timed: Callable[[Tensor], bool] = TensorBase.__dict__["is_cuda"].__get__
"""Returns whether a tensor lies on a device that is handed its work, and has a clock."""


def event_on(tensor: Tensor) -> Any:
    """Return an event on the stream that operations on `tensor`, which is on a GPU, go to now.

    None while a CUDA graph is captured, which would have the event in it.
    """
    if torch.cuda.is_current_stream_capturing():
        return None
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(tensor.device))
    return event


def event_behind(before: Any) -> Any:
    """Return an event behind what was handed to the device of the event `before` since."""
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(before.device))
    return event


class Account:
    """What a module's call takes when the operations within it are timed by their device.

    It takes as long as the processor was in it, or as all within it took together where that is longer.

    Args:
        call: the module's.
        outer: the account of the call around it; None for the outermost.
    """

    __slots__ = ("_alone", "_call", "_host", "_outer", "_shown", "_within")

    def __init__(self, call: Call, outer: Account | None) -> None:
        self._call = call
        self._outer = outer
        self._host: float | None = None
        self._within = 0.0
        self._shown = 0.0
        self._alone = False

    def close(self, within: float, alone: bool) -> None:
        """Take in what the processor's clock says of the call, whose row has it, now that it is over.

        Args:
            within: seconds of the calls within it, as far as they are known.
            alone: whether its one operation has no row of its own.
        """
        call, self._alone = self._call, alone
        self._host = call.seconds or 0.0
        self._within += within
        self._shown = call.seconds = max(self._host, self._within)
        call.self_seconds = call.seconds if alone else call.seconds - self._within

    def add(self, more: float, late: set[Call]) -> None:
        """Correct the calls by what one within took more than is known; less where it is negative."""
        account: Account | None = self
        while account is not None and more:
            account._within += more
            if account._host is None:  # it goes on, and is shown as a whole when it ends
                return
            before, account._shown = account._shown, max(account._host, account._within)
            change = account._shown - before
            add_seconds(account._call.row_of(), change, change if account._alone else change - more, late)
            more, account = change, account._outer


class Framed(Protocol):
    """A module's call that goes on."""

    call: Call
    account: Account | None


def account_in(frames: Sequence[Framed]) -> Account | None:
    """Return the account of the innermost call; made for those around it too. None outside of all."""
    outer: Account | None = None
    if frames and frames[-1].account is not None:
        return frames[-1].account
    for frame in frames:
        if frame.account is None:
            frame.account = Account(frame.call, outer)
        outer = frame.account
    return outer


class TimedOperation:
    """An operation whose seconds its device is asked for when its run is read.

    Args:
        call: its call, which has the processor's seconds.
        account: of the module's call that it is in.
        events: those before and behind it.
    """

    __slots__ = ("_account", "_call", "_events", "_host", "_trace")

    def __init__(self, call: Call, account: Account | None, events: tuple[Any, Any], trace: Trace) -> None:
        self._call = call
        self._account = account
        self._events = events
        self._host = call.seconds or 0.0
        self._trace = trace

    def read(self) -> None:
        """Wait for the device, and correct the calls."""
        before, behind = self._events
        behind.synchronize()
        more = before.elapsed_time(behind) / 1000 - self._host
        row = self._call.row_of()
        if row.kind == self._call.kind:
            add_seconds(row, more, more, self._trace.late)
        if self._account is not None:
            self._account.add(more, self._trace.late)


def add_seconds(row: Call, more: float, own: float, late: set[Call]) -> None:
    """Add seconds to a row, and to those without what it calls; note in `late` that it is another now."""
    if row.seconds is not None:
        row.seconds = max(row.seconds + more, 0.0)
    if row.self_seconds is not None:
        row.self_seconds = max(row.self_seconds + own, 0.0)
    if row.index >= 0:  # one that there was room for
        late.add(row)
