"""What recording switches on in the process, and off again, whatever ends the run and whenever an interrupt comes.

An interrupt can come between any two calls.  So nothing here relies on a note that something was switched
on: `off` looks for what is ours and takes it away, and can be called again where it was interrupted itself.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import ExitStack, suppress
from typing import Any, cast

import torch
from torch import nn
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

from ...live.registered import modules_in
from .fused_path import FUSED_PATH
from .meter import MemoryWatch, Meter
from .recorder import Recorder
from .warned import WarningsAtUserLines

_REGISTRIES = [name for name, found in vars(hooks).items() if name.startswith("_global_") and isinstance(found, dict)]
"""Names of torch's global registries of hooks."""
_ALREADY_THERE = r"Using `torch.compile\(module\)` when there are global hooks"


class Switches:
    """The hooks and modes of one recorder.

    Args:
        recorder: what the hooks call.
        root: the network.
        meter: a mode that is entered too; None for none.
    """

    def __init__(self, recorder: Recorder, root: nn.Module, meter: Meter | None) -> None:
        self._recorder = recorder
        self._root = root
        self._meter = meter
        self._warnings = WarningsAtUserLines()
        self._silence: object = None
        self._stance = ExitStack()

    def on(self) -> None:
        """Switch all on: torch's global hooks, the recorder as a mode, warnings at the user's lines."""
        recorder = self._recorder
        self._uncompiled()
        hooks.register_module_forward_pre_hook(recorder.enter)
        hooks.register_module_forward_hook(recorder.leave, with_kwargs=True, always_call=True)
        hooks.register_module_parameter_registration_hook(recorder.registers)
        hooks.register_module_module_registration_hook(recorder.registers)
        self._warnings.on()
        recorder.__enter__()  # type: ignore[no-untyped-call]
        if self._meter is not None:
            self._meter.__enter__()  # type: ignore[no-untyped-call]

    def off(self) -> None:
        """Switch off what is on; may be called again."""
        if self._meter is not None and self._meter in _dispatch_modes():
            self._meter.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        for mode in reversed(_dispatch_modes()):
            if not isinstance(mode, MemoryWatch):
                break
            mode.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        if any(mode is self._recorder for mode in _function_modes()):
            self._recorder.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        self._warnings.off()
        _remove_hooks(self._recorder)
        FUSED_PATH.release(self._recorder)
        if self._silence is not None:
            with suppress(ValueError):  # the user's code may have set the filters anew
                cast("list[object]", warnings.filters).remove(self._silence)
        self._stance.close()

    def _uncompiled(self) -> None:
        """Have what is compiled run as it was written, so that its operations can be seen.

        Modules compiled in place and functions too, which nothing announces: the compiler would take the recorder
        for a part of them, and compile it.
        """
        if "torch._dynamo" not in sys.modules:
            return
        if any(type(module).__name__ == "OptimizedModule" for module in modules_in(self._root)):
            known = list(warnings.filters)
            warnings.filterwarnings("ignore", message=_ALREADY_THERE)
            self._silence = None if warnings.filters[0] in known else warnings.filters[0]
        if hasattr(torch.compiler, "set_stance"):
            with suppress(RuntimeError):  # within what is being compiled
                self._stance.enter_context(torch.compiler.set_stance("force_eager"))


def _function_modes() -> list[TorchFunctionMode]:
    return list(_get_current_function_mode_stack())  # type: ignore[no-untyped-call]


def _dispatch_modes() -> list[Any]:
    from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

    return list(_get_current_dispatch_mode_stack())


def _remove_hooks(recorder: Recorder) -> None:
    """Remove the recorder's hooks from all of torch's global registries.

    Also from `_global_forward_hooks_with_kwargs`, where torch 2.13 and before leave an entry for good.
    """
    registries: list[dict[Any, Any]] = [getattr(hooks, name) for name in _REGISTRIES]
    ours = [
        key
        for registry in registries
        if registry
        for key, hook in list(registry.items())
        if getattr(hook, "__self__", None) is recorder
    ]
    flags = [hooks._global_forward_hooks_always_called, hooks._global_forward_hooks_with_kwargs]
    for registry in [*flags, *registries]:  # the flags first: by them a hook is found no more
        for key in ours:
            registry.pop(key, None)
