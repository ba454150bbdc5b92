"""The steps of optimizers while the user's code runs: boundaries at which a model is of one piece.

Torch's global step hooks report them, in the thread that steps.  The hooks are set only while something is requested;
an optimizer that is not derived from `torch.optim.Optimizer` does not call them.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from torch.optim import Optimizer
from torch.optim import optimizer as torch_optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from ..work.switch_interval import undisturbed
from .thread_stacks import inspect_stacks

TIMEOUT = 0.05
"""Seconds to wait for a step to end, or for a moment at which hooks can be set or removed."""
POLL_INTERVAL = 0.0005
"""Seconds between two such attempts."""


class OptimizerSteps:
    """A sequence lock for readers: what was read is of one step if `begun` is the same after it, and no step ran.

    Writers, the user's training threads, never wait.
    """

    def __init__(self) -> None:
        self.count = 0
        """Number of steps that ended since the hooks were set."""
        self.begun = 0
        """The sequence number, which grows whenever a step begins."""
        self.threads: set[int] = set()
        """Identifiers of the threads that stepped since the hooks were set."""
        self.on_step: Callable[[Optimizer], None] | None = None
        """Called after each step in the thread that steps."""
        self._begins = itertools.count(1)
        self._open_calls: dict[int, int] = {}
        """By thread identifier, how many calls of `step` are open."""
        self._hooks: list[RemovableHandle] = []
        self._setting = threading.Lock()

    @property
    def is_watched(self) -> bool:
        """Return whether the hooks are set."""
        return bool(self._hooks)

    def watch(self) -> bool:
        """Set the hooks unless they are; return False where that cannot be done within `TIMEOUT` seconds."""
        with self._setting:
            return bool(self._hooks) or _change_hooks(self._set, TIMEOUT)

    def unwatch(self, timeout: float = TIMEOUT) -> bool:
        """Remove the hooks; return False where that could not be done for `timeout` seconds: then they stay."""
        with self._setting:
            return not self._hooks or _change_hooks(self._remove, timeout)

    def _set(self, stepping: set[int]) -> bool:
        if stepping and (torch_optimizer._global_optimizer_pre_hooks or torch_optimizer._global_optimizer_post_hooks):
            return False  # torch, iterating over them in that step, would fail; it does not iterate over empty ones
        self.count, self.threads = 0, set()
        self._open_calls = dict.fromkeys(stepping, 1)
        self._hooks = [register_optimizer_step_pre_hook(self._before), register_optimizer_step_post_hook(self._after)]
        return True

    def _remove(self, stepping: set[int]) -> bool:
        if stepping:
            return False
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._open_calls = [], {}
        return True

    def is_inside(self) -> bool:
        """Return whether some thread is within a step now; one that raised is over, though no hook reports its end."""
        if not self._open_calls:
            return False
        stepping = _stepping()
        for thread in list(self._open_calls):
            if thread not in stepping:
                self._open_calls.pop(thread, None)
        return bool(self._open_calls)

    def wait_outside(self, deadline: float) -> bool:
        """Wait until no thread is within a step; return False if `deadline` (`time.monotonic`) comes first."""
        while self.is_inside():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_INTERVAL)
        return True

    def _before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        thread = threading.get_ident()
        self._open_calls[thread] = self._open_calls.get(thread, 0) + 1
        self.begun = next(self._begins)

    def _after(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        thread = threading.get_ident()
        remaining = self._open_calls.pop(thread, 1) - 1
        if remaining:  # an optimizer that steps others
            self._open_calls[thread] = remaining
        self.threads.add(thread)
        self.count += 1
        if self.on_step is not None:
            with contextlib.suppress(Exception):  # ours must not end the user's training
                self.on_step(optimizer)


def _change_hooks(change: Callable[[set[int]], bool], timeout: float) -> bool:
    """Call `change` with the threads within a step until it returns True; return False after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        with undisturbed():
            if change(_stepping()):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL)


def _stepping() -> set[int]:
    """Return the identifiers of threads whose stack contains the wrapper that calls the hooks."""
    return inspect_stacks(lambda frames: {thread for thread, frame in frames.items() if _is_within(frame, _WRAPPER)})


def _is_within(frame: FrameType | None, code: CodeType) -> bool:
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def _nothing(*args: object) -> None:
    """Do nothing; wrapped only to find the wrapper's code."""


_WRAPPER: CodeType = Optimizer.profile_hook_step(_nothing).__code__

STEPS = OptimizerSteps()
"""The process's only instance: torch's hooks are global."""

__all__ = ["STEPS", "OptimizerSteps"]
