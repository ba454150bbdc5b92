"""Whether a package is imported already, so that using it costs nothing now."""

from __future__ import annotations

import sys
import threading
from importlib import import_module


def is_imported(name: str) -> bool:
    """Return whether the module of that name is imported to its end; False while a thread is importing it."""
    module = sys.modules.get(name)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)


def torch_is_there() -> bool:
    """Return whether torch is imported."""
    return is_imported("torch")


def import_torch_beside() -> None:
    """Begin to import torch in a thread of its own, where that has not begun."""
    if "torch" not in sys.modules:
        threading.Thread(target=import_module, args=("torch",), name="torch", daemon=True).start()
