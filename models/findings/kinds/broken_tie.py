"""`broken_tie`: parameters that a class of `transformers` declares as one, and that are not.

Loading with `assign=True`, `to_empty()` after `meta`, and replacing one of them break a tie without a word.  What a
configuration does not tie (`tie_word_embeddings` false) is none.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from ...messages.findings import Finding
from ..evidence import Evidence

SETTING = "tie_word_embeddings"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each parameter that is declared as tied and is a tensor of its own, as a warning."""
    reported: set[str] = set()
    for node, module in evidence.modules():
        for name, other in _declared(module).items():
            path, partner = (f"{node.path}.{each}".lstrip(".") for each in (name, other))
            mine, theirs = evidence.tree.at(path), evidence.tree.at(partner)
            if path in reported or mine is None or theirs is None or mine.item is theirs.item:
                continue
            if not isinstance(mine.item, Tensor) or not isinstance(theirs.item, Tensor):
                continue
            reported.add(path)
            text = (
                f"declared as tied to {partner}, and is a tensor of its own: each is trained by itself, and a file may "
                "hold one of them only; tie_weights() of the network ties them again"
            )
            yield Finding(kind="broken_tie", severity="warning", text=text, path=path)


def _declared(module: nn.Module) -> dict[str, str]:
    """Return the names that a module declares as tied, with the name of what they are tied to; runs no code of it."""
    found: Any = vars(module).get("all_tied_weights_keys")  # what its configuration really ties
    if not isinstance(found, dict):
        config = vars(module).get("config")
        if getattr(config, "__dict__", {}).get(SETTING) is not True:
            return {}
        found = inspect.getattr_static(type(module), "_tied_weights_keys", None)
    if not isinstance(found, dict):
        return {}
    return {name: other for name, other in found.items() if isinstance(name, str) and isinstance(other, str)}
