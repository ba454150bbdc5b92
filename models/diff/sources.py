"""The tensors of an open model, to be compared by name."""

from __future__ import annotations

from ..opened.node_facts import NodeFacts
from ..opened.open_model import OpenModel
from .difference import TensorSide
from .tensors import Comparable


def every_tensor(model: OpenModel) -> list[Comparable]:
    """Return every tensor under each of its names, each path once.

    They come in the source's order, or by name where that has no meaning; optimizer state comes last.
    """
    found = [comparable(facts) for facts in model.named_tensors()]
    return list({each.path: each for each in reversed(found)}.values())[::-1]


def comparable(facts: NodeFacts) -> Comparable:
    """Return a tensor of an open model, to be compared; the node must be a tensor."""
    readable = facts.readable()
    shape = None if facts.shape is None else readable.shape
    kind = facts.kind
    side = TensorSide(facts.key, shape, facts.dtype, kind == "state", kind)
    return Comparable(side, readable, facts.lacked, tuple(facts.other_names), stored=facts.registered is None)
