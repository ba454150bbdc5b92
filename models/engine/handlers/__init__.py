"""The engine's handlers: one file a feature, one function a request.

A handler has the name of its request, in snake case, and is called through its module.  A new feature is a file here,
imported below.
"""

from __future__ import annotations

from ..registry import registry
from . import (  # noqa: F401  (importing registers the handlers)
    about,
    comparing,
    comparing_runs,
    editing,
    exporting,
    findings,
    fitting,
    initialising,
    nonfinite,
    opening,
    runs,
    saving,
    sharing,
    suggesting,
    tree,
    values,
)

__all__ = ["registry"]
