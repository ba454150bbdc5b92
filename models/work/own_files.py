"""Which files hold the user's own code: not ours, torch's, the standard library's or installed.

Must not import torch.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
_EXAMPLES = _PACKAGE + "examples" + os.sep
"""The documented networks stand for the user's code, though they are files of this package."""
_LIBRARIES = tuple(
    str(Path(path).resolve()) + os.sep
    for key, path in sysconfig.get_paths().items()
    if key in ("stdlib", "platstdlib", "purelib", "platlib")
)


def is_ours(filename: str) -> bool:
    """Return whether a file is of this program, other than a documented network."""
    path = _resolved(filename)
    return path.startswith(_PACKAGE) and not path.startswith(_EXAMPLES)


@lru_cache(maxsize=4096)
def _resolved(filename: str) -> str:
    return filename if filename.startswith("<") else os.path.realpath(filename)


def is_own(filename: str) -> bool:
    """Return whether code of `filename` is the user's: not ours, torch's, the standard library's or installed."""
    if filename.startswith("<"):
        return not filename.startswith("<frozen ")
    path = _resolved(filename)
    if path.startswith(_EXAMPLES):
        return True
    if path.startswith((_PACKAGE, *_LIBRARIES)) or not {"site-packages", "dist-packages"}.isdisjoint(Path(path).parts):
        return False
    torch_file = getattr(sys.modules.get("torch"), "__file__", None)
    return torch_file is None or not path.startswith(_resolved(os.path.dirname(torch_file)) + os.sep)  # noqa: PTH120
