"""Cancelling long work.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable

ShouldCancel = Callable[[], bool]
"""A callback that returns whether the work is cancelled; called between chunks."""


class Cancelled(Exception):
    """Raised by work that is cancelled; what it computed so far is dropped."""


def never() -> bool:
    """Return False: the `ShouldCancel` of work that cannot be cancelled."""
    return False
