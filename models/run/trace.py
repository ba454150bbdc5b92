"""Tracing: a context in which the calls of a network are recorded, whatever code makes them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import torch
from torch import nn
from torch.nn.modules import module as hooks
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from ..live.outline import Outline
from ..live.registered import modules_in
from .calls import Call
from .record import Nonfinite, Trace
from .recorder import Recorder, TooManyCalls

__all__ = ["Call", "Nonfinite", "TooManyCalls", "Trace", "tracing"]


@contextmanager
def tracing(root: nn.Module, outline: Outline, trace: Trace, max_calls: int | None = None) -> Iterator[None]:
    """Record into `trace` the calls of modules of `root`, and the operations within, that this thread makes.

    `outline` is the root's and gives the paths.  Operations outside of any module's call are not the network's.

    Whatever ends the code, the hooks go and the rows are closed; `trace` is finished then.  Contexts can be nested.
    A compiled module runs uncompiled meanwhile, and attention without its fused path; both are noted at their rows.
    With `max_calls`, a run of more calls is stopped by TooManyCalls.
    """
    recorder = Recorder(outline, trace, max_calls)
    raised: BaseException | None = None
    with ExitStack() as stack:
        try:
            _uncompiled(root, stack)
            stack.callback(register_module_forward_pre_hook(recorder.enter).remove)
            after = register_module_forward_hook(recorder.leave, with_kwargs=True, always_call=True)
            stack.callback(_remove, after)
            stack.enter_context(recorder)
            yield
        except BaseException as error:
            raised = error
            raise
        finally:
            recorder.finish(raised)


def _remove(handle: RemovableHandle) -> None:
    handle.remove()
    hooks._global_forward_hooks_with_kwargs.pop(handle.id, None)  # torch 2.13 and before leave it there


def _uncompiled(root: nn.Module, stack: ExitStack) -> None:
    """Have what is compiled run as it was written, so that its operations can be seen.

    Modules compiled in place and functions too, which nothing tells of beforehand: the compiler would take the recorder
    for a part of them, and compile it.
    """
    if "torch._dynamo" not in sys.modules:
        return
    if any(type(module).__name__ == "OptimizedModule" for module in modules_in(root)):
        warnings.filterwarnings("ignore", message=r"Using `torch.compile\(module\)` when there are global hooks")
    if hasattr(torch.compiler, "set_stance"):
        with suppress(RuntimeError):  # within what is being compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
