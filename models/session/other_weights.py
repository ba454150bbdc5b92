"""Copies of the open network with other weights, to run beside it: of another moment, of a checkpoint."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..live.live_tree import LiveTree
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..tensors.readable import Readable, Unreadable
from ..tensors.reading import error_text

if TYPE_CHECKING:
    from .comparing import Comparison
    from .session import Session


def copied(tree: LiveTree, dtype: str = "") -> LiveTree:
    """Return a copy of a network, with floating-point tensors of a dtype where one is named.

    Raises:
        EngineProblem: a part of it cannot be copied.
    """
    try:
        network = copy.deepcopy(tree.root)
    except Exception as error:  # of a user's class
        title = f"The network cannot be copied: {error_text(error)}"
        raise EngineProblem(Problem("usage", title, "copy.deepcopy(net) raised it.")) from None
    return LiveTree.of(network.to(getattr(torch, dtype)) if dtype else network, tree.name)


def at_moment(session: Session, tree: LiveTree, moment: str) -> LiveTree:
    """Return a copy of the network with its values at a snapshot, or as it was opened where `moment` is empty.

    Raises:
        EngineProblem: a value was not kept, or had another shape.
    """
    values: dict[str, Tensor | None] = {}
    values |= session.snapshots.find(moment).tensors if moment else session.opened_values or {}
    made = copied(tree)
    with torch.no_grad():
        for node in made.nodes:
            if not isinstance(node.item, Tensor) or node.path not in values:
                continue
            then = values[node.path]
            if then is None:
                raise EngineProblem(Problem("usage", f"No copy of {node.path} was kept at that moment"))
            _set(node.path, node.item, then)
    return made


def with_checkpoint(tree: LiveTree, compared: Comparison) -> tuple[LiveTree, str]:
    """Return a copy of the network with the weights of the checkpoint that it is compared with, and how many these are.

    Raises:
        EngineProblem: one cannot be read or has another shape, or there is none.
    """
    made = copied(tree)
    items = {node.path: node.item for node in made.nodes if isinstance(node.item, Tensor)}
    pairs = [(x.side.path, y.readable) for x, y in compared.model.pairs.both if x is not None and y is not None]
    loaded = [path for path, _ in pairs if path in items]
    if not loaded:
        title = "The checkpoint that is compared has no tensor of the network"
        raise EngineProblem(Problem("usage", title, "D proposes renames where these bring names together."))
    with torch.no_grad():
        for path, readable in pairs:
            if path in items:
                _set(path, items[path], _tensor(path, readable))
    missing = len(items) - len(loaded)
    return made, f"{amount(missing, 'tensor')} of the network's own" if missing else ""


def _tensor(path: str, readable: Readable) -> Tensor:
    whole = readable.unpacked()
    try:
        if reason := whole.absence[1]:
            raise Unreadable(reason)
        return whole.piece(0, whole.elements).view(tuple(whole.shape))
    except Unreadable as error:
        raise EngineProblem(Problem("usage", f"{path} cannot be read: {error}")) from None


def _set(path: str, tensor: Tensor, values: Tensor) -> None:
    if values.shape != tensor.shape:
        title = f"{path} has another shape there: {list(values.shape)}, not {list(tensor.shape)}"
        raise EngineProblem(Problem("usage", title))
    tensor.data.copy_(values)
