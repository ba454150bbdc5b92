"""What the engine does for each request: one file a feature, one function a message.

A new feature is a file here, imported below.
"""

from __future__ import annotations

from ..registry import registry
from . import about, nonfinite, opening, runs, tree, values  # noqa: F401  (importing registers the handlers)

__all__ = ["registry"]
