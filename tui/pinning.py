"""Our `models` package, whatever folder the program is started in.

Most PyTorch projects have a package called `models`.  `python -m tui` puts the current folder first on the path, so a
plain import would find the user's.  The interface needs ours and nothing of theirs; the engine, which needs both,
has its own way (`models/engine/boot.py`).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `tui` and `models`."""


def pin_models() -> None:
    """Bind `sys.modules["models"]` to the package beside `tui`, unless it is that already."""
    folder = ROOT / "models"
    present = sys.modules.get("models")
    if present is not None and Path(getattr(present, "__file__", None) or "/").resolve().parent == folder:
        return
    spec = importlib.util.spec_from_file_location(
        "models", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"modulescope is not installed whole: {folder} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules["models"] = module
    spec.loader.exec_module(module)


def leave_current_folder() -> None:
    """Take the current folder off the path: a file called `queue.py` in it must not become part of the interface."""
    try:
        here = Path.cwd()
    except OSError:  # it was deleted: nothing in it can be meant, and nothing works without one
        os.chdir(os.sep)
        here = Path(os.sep)
    if here != ROOT:
        sys.path[:] = [entry for entry in sys.path if entry and Path(entry) != here]
