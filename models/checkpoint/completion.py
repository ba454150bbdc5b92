"""Completion of tensor names in a checkpoint's console, `state['enc`, without importing torch."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..messages import CompletionItem, Completions
from .console import StoredStateDict

ITEM_LIMIT = 50
"""Names in one answer."""
_KEY = re.compile(r"""(\w+)\s*\[\s*(['"])([^'"\\]*)\Z""")


def complete_key(text: str, cursor: int, namespace: Mapping[str, object]) -> Completions | None:
    """Return the tensors whose names begin with what stands before `cursor`; None where no name is being typed."""
    found = _KEY.search(text[:cursor])
    state = namespace.get(found[1]) if found else None
    if found is None or not isinstance(state, StoredStateDict):
        return None
    items = []
    for path in state:
        if path.startswith(found[3]) and path.isprintable() and not {"'", '"', "\\"} & set(path):
            items.append(CompletionItem(text=path, kind="tensor"))
            if len(items) == ITEM_LIMIT:
                break
    return Completions(start=found.start(3), items=items)
