"""The tensors of an open model, to be compared by name."""

from __future__ import annotations

from collections.abc import Sequence

from ..checkpoint.model import CheckpointModel
from ..checkpoint.stored_facts import lacked
from ..messages import NodeKind
from ..opened.node_facts import NodeFacts
from ..opened.open_model import OpenModel
from ..stored.stored import Stored
from .difference import TensorSide
from .tensors import Comparable


def every_tensor(model: OpenModel) -> list[Comparable]:
    """Return every tensor under each of its names, each path once.

    They come in the source's order, or by name where that has no meaning; optimizer state comes last.
    """
    if isinstance(model, CheckpointModel):  # of which there may be a hundred thousand
        found = [_stored(*each) for each in model.stored_tensors()]
    else:
        found = [comparable(facts) for facts in model.named_tensors()]
    return list({each.path: each for each in reversed(found)}.values())[::-1]


def comparable(facts: NodeFacts) -> Comparable:
    """Return a tensor of an open model, to be compared; the node must be a tensor."""
    readable = facts.readable()
    shape = None if facts.shape is None else readable.shape
    kind = facts.kind
    side = TensorSide(facts.key, shape, facts.dtype, kind == "state", kind)
    return Comparable(side, readable, facts.lacked, tuple(facts.other_names), stored=facts.registered is None)


def _stored(tensor: Stored, kind: NodeKind, names: Sequence[str]) -> Comparable:
    """Return what `comparable` does of a tensor of a checkpoint."""
    side = TensorSide(tensor.path, tensor.shape, tensor.dtype.name, kind == "state", kind)
    return Comparable(side, tensor, lacked(kind), tuple(names), True)
