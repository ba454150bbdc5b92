"""The engine's handlers: one file a feature, one function a request.

A handler has the name of its request, in snake case, and is called through its module.  A new feature is a file here,
imported below.
"""

from __future__ import annotations

from ..registry import registry
from . import about, exporting, findings, fitting, nonfinite, opening, runs, saving, suggesting, tree, values  # noqa: F401  (importing registers the handlers)

__all__ = ["registry"]
