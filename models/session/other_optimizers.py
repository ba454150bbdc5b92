"""Which optimizers of the user's file belong to another network than the one that was opened from it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import ref

from .known_optimizers import known_optimizers

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from ..live.live_tree import LiveTree


def of_other_networks(names: Mapping[str, object], tree: LiveTree) -> list[ref[Optimizer]]:
    """Return those of the optimizers among `names` that hold nothing of a network, as it is when it is opened.

    A file that is a training script makes its optimizer for its own object; a class of it that is opened is built once
    more, and has the same shapes.
    """
    others: list[ref[Optimizer]] = []
    found = known_optimizers(tree.root, names)
    if found:
        mine = set(map(id, tree.distinct_tensors))
        for optimizer in found:
            with suppress(Exception):  # of a class of the user's
                if not any(id(tensor) in mine for group in optimizer.param_groups for tensor in group["params"]):
                    others.append(ref(optimizer))
    return others
