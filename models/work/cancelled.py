"""How long work learns that nobody waits for it any more.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable

ShouldCancel = Callable[[], bool]
"""Answers whether the work was cancelled; called between chunks."""


class Cancelled(Exception):
    """The user moved away; what was computed so far is dropped."""


def never() -> bool:
    """The `ShouldCancel` of work that nobody can cancel."""
    return False
