"""What a process that has just started has, for opening a source anew in one that goes on: torch stays imported.

Put back are the working folder, Python's path, the user's own modules, torch's random numbers, default dtype, default
device and grad mode.  Whatever else the user's code did to torch or to installed packages stays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..run.console.loaded_torch import loaded_torch


class NewProcess:
    """The state of the process as it is when this is made, before any code of the user's ran."""

    def __init__(self) -> None:
        self._modules = frozenset(sys.modules)
        self._path = list(sys.path)
        self._folder = _folder()

    @contextmanager
    def again(self) -> Iterator[None]:
        """Have that state again; where the body raises, what was there before it."""
        from ..sources.importing import forget_later

        path, folder = list(sys.path), _folder()
        before = _torch_state()
        try:
            forget_later(sys.modules.keys() - self._modules)
            sys.path[:] = [entry for entry in sys.path if entry in self._path or entry in _added()]
            _go_to(self._folder)
            _set_torch(_new_torch())
            yield
        except BaseException:
            sys.path[:] = path
            _go_to(folder)
            _set_torch(before)
            raise


def _added() -> list[str]:
    from ..sources.importing import added_to_path

    return added_to_path()


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # it was deleted
        return None


def _go_to(folder: str | None) -> None:
    if folder is not None and folder != _folder():
        with suppress(OSError):
            os.chdir(folder)


def _torch_state() -> dict[str, Any]:
    torch: Any = loaded_torch()
    if torch is None:
        return {}
    device = torch.get_default_device()
    return {
        "random": torch.get_rng_state(),
        "dtype": torch.get_default_dtype(),
        # set, even to the CPU, it is a mode that all calls of torch go through
        "device": None if device.type == "cpu" else device,
        "gradients": torch.is_grad_enabled(),
    }


def _new_torch() -> dict[str, Any]:
    torch: Any = loaded_torch()
    if torch is None:
        return {}
    return {"random": None, "dtype": torch.float32, "device": None, "gradients": True}


def _set_torch(state: dict[str, Any]) -> None:
    if not state:
        return
    import torch

    torch.set_default_device(state["device"])
    torch.set_default_dtype(state["dtype"])
    torch.set_grad_enabled(state["gradients"])
    if state["random"] is None:
        torch.seed()  # a new process begins with other numbers each time
    else:
        torch.set_rng_state(state["random"])
