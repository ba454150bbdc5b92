"""When the panes show what keys have selected: once the keys rest for a moment, so that a held arrow asks once.

While the engine is at work its answers come late, each when the next key is there already, and to draw them takes
longer than what that key does.  So then a walk of quick keys is shown when it has ended, and a single step at once.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from textual.app import App

from tui.input_order import InputOrder

REST = 0.04
"""Seconds of rest before what was selected is shown."""
HELD = 0.08
"""Seconds between two keys of one that is held, or as good as."""
REST_OF_HELD = 0.1
"""Seconds of rest behind such keys."""
QUICK = 0.25
"""Seconds between two keys of a user who walks on, and does not look yet."""
LONGER_REST = 0.2
"""The same for quick keys while the engine is at work."""


async def keys_at_rest(app: App[object]) -> None:
    """Wait until no key has come for a moment; whoever waits is cancelled where another thing is selected."""
    await asyncio.sleep(REST)
    order = getattr(app, "input_order", None)
    if isinstance(order, InputOrder) and (left := order.last + _rest(order) - monotonic()) > 0:
        await asyncio.sleep(left)


def _rest(order: InputOrder) -> float:
    if order.interval < QUICK and order.engine_works():
        return LONGER_REST
    return REST_OF_HELD if order.interval < HELD else REST
