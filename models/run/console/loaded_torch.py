"""Torch, where it is loaded: a checkpoint's console may do without, and then nothing here imports it."""

from __future__ import annotations

import sys
from types import ModuleType


def loaded_torch() -> ModuleType | None:
    """Return torch; None where it is not imported, or where another thread is still importing it.

    A module that is being imported has only some of its names, and what is in C may not be called yet.
    """
    torch = sys.modules.get("torch")
    spec = getattr(torch, "__spec__", None)
    return None if torch is None or getattr(spec, "_initializing", False) else torch
