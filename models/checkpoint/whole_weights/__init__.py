"""Weights that a checkpoint stores in parts, as one tensor each: packed integers with their scales and zero points.

Quantisers write a weight as several tensors whose names they agree on (`schemes`).  Here they become one `Composed`
with the weight's own shape, whatever format the file has.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from ...stored.checkpoint import Checkpoint
from ...stored.tensors import Tensors
from .scheme import TensorNames, WeightInParts
from .schemes import SCHEMES, is_sign
from .tensors import WholeWeights

__all__ = ["are_in_parts", "may_be_in_parts", "with_whole_weights"]

_LOOKED_AT = 500
"""Names at the start and at the end of a file by which its weights are seen to be in parts, before the tree is made."""


def may_be_in_parts(tensors: Tensors) -> bool:
    """Return whether the first or last names of a checkpoint are those of parts: quick, and not sure."""
    paths = tensors.paths
    some = chain(islice(paths, _LOOKED_AT), islice(paths, max(len(paths) - _LOOKED_AT, 0), None))
    return are_in_parts({path.rpartition(".")[2] for path in some})


def are_in_parts(names: Iterable[str]) -> bool:
    """Return whether any of these last parts of names is one that a quantiser gives."""
    return any(map(is_sign, names))


def with_whole_weights(checkpoint: Checkpoint, metadata: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint with each weight as one tensor; itself where none is stored in parts.

    `metadata` are what the files and the settings beside them say, for what names and shapes leave open.
    """
    tensors = checkpoint.columns
    names = TensorNames(tensors, metadata)
    found: dict[int, WeightInParts] = {}
    taken: set[int] = set()
    for index, path in enumerate(tensors.paths):
        head, dot, name = path.rpartition(".")
        if not is_sign(name) or index in taken:
            continue
        names.part = path.partition(".")[0]
        for scheme in SCHEMES:
            if not scheme.fits(name):
                continue
            weight = scheme.weight(names, head + dot, name)
            if weight is not None and taken.isdisjoint(weight.parts.values()):
                found[weight.first] = weight
                taken.update(weight.parts.values())
                break
    if not found:
        return checkpoint
    return replace(checkpoint, tensors=WholeWeights(tensors, found, taken))
