"""Tracing: a context in which the calls of a network are recorded, whatever code makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import nn

from ...live.live_tree import LiveTree
from .calls import Call
from .record import FirstNonfinite, Trace
from .recorder import Recorder, TooManyCalls
from .switches import Switches

if TYPE_CHECKING:
    from .meter import Meter

__all__ = ["Call", "FirstNonfinite", "TooManyCalls", "Trace", "tracing"]


@contextmanager
def tracing(
    root: nn.Module, tree: LiveTree, trace: Trace, max_calls: int | None = None, meter: Meter | None = None
) -> Iterator[None]:
    """Record into `trace` the calls of modules of `root`, and the operations within, that this thread makes.

    Operations outside of any module's call are not the network's.  Whatever ends the code, the hooks go and the rows
    are closed; `trace` is finished then.  Contexts can be nested.  A compiled module runs uncompiled meanwhile, and
    attention without its fused path; both are noted at their rows.

    Args:
        tree: the tree of `root`, which gives the paths.
        max_calls: calls after which the run is stopped by TooManyCalls; None for no limit.
        meter: measures the memory that is alive, and FLOPs beyond those by names; for a run without values.
    """
    if meter is None:
        recorder = Recorder(tree, trace, max_calls)
    else:
        from .metered import MeteredRecorder

        recorder = MeteredRecorder(tree, trace, max_calls, meter)
    switches = Switches(recorder, root, meter)
    raised: BaseException | None = None
    try:
        switches.on()
        yield
    except BaseException as error:
        raised = error
        if isinstance(error, KeyboardInterrupt):
            trace.interrupt()
        raise
    finally:
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                recorder.finish(raised)
                switches.off()
                break
            except KeyboardInterrupt as error:  # it is raised when all is as it was
                interrupt = error
        trace.recorder = recorder if meter is None else None
        if interrupt is not None:
            raise interrupt
