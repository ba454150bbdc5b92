"""Holds back the collector of cyclic garbage while many small objects are made that will stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected meanwhile: walking a large network makes no garbage, but would set off collections that
    look at all of torch's objects again and again.  May be nested, and entered by several threads."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
