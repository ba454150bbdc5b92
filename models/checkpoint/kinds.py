"""Which tensors of a checkpoint are parameters of the network, where its file does not say: by names and dtypes.

A network's parameters are what an optimizer may update: no buffers, no scales of activations, no integers beside a
weight, no optimizer state, random state or running average of the weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..stored.stored import StoredKind
    from .tree import CheckpointTree

BUFFERS = frozenset(
    (
        "running_mean", "running_var", "num_batches_tracked", "inv_freq", "original_inv_freq", "position_ids", "g_idx",
        "relative_position_index", "masked_bias", "n_averaged", "zero_point", "attn_mask", "causal_mask",
    )
)  # fmt: skip
"""Names under which the layers of torch and of widespread libraries register buffers."""
SCALES_OF_ACTIVATIONS = re.compile(
    r"(?:.*_)?(?:input|output|activation|act|[kvq]|prob|kv)_(?:global_)?(?:scale|zero_point)(?:_ub)?"
)
"""Scales of activations, which quantisers store beside weights."""
_SLOTS = frozenset(("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "acc_delta"))
"""Names of the state that torch's optimizers keep for each parameter."""
_STATE = re.compile(
    r"(?:optim(?:izer)?s?|optim(?:izer)?_states?|(?:lr_)?schedulers?|(?:grad_)?scaler|(?:cuda_)?rng_states?|random_states?"
    r"|ema|ema_model|model_ema|ema_state(?:_dict)?|ema_weights|averaged_model|swa_model)"
)
"""First parts of names of what is not the network, where the network is beside it."""
_HOLDERS = frozenset(("state_dict", "model_state_dict", "model", "module"))
"""Names under which a training checkpoint has the network."""


def inferred_kinds(tree: CheckpointTree) -> dict[int, StoredKind]:
    """Return the nodes of tensors that are no parameters, as far as names and dtypes say it, with what they are."""
    found: dict[int, StoredKind] = {}
    names, tensors = tree.names, tree.stored
    distinct = set(names)
    buffers = {name for name in distinct if name in BUFFERS or SCALES_OF_ACTIVATIONS.fullmatch(name)}
    slots = distinct & _SLOTS
    for node, name in enumerate(names) if buffers or slots else ():
        if name in buffers:
            found[node] = "buffer"
        elif name in slots:
            found[node] = "state"
    _add_integers(tree, found)
    if "zero_point" in distinct:
        _add_scales(tree, found)
    for node in _beside_the_network(tree):
        found.update(dict.fromkeys(tree.tensors(node, tree.ends[node]), "state"))
    count = len(tensors)
    return {node: kind for node, kind in found.items() if 0 <= tree.indices[node] < count}


def _add_integers(tree: CheckpointTree, found: dict[int, StoredKind]) -> None:
    """Add tensors of integers, which have no gradient; of those named `weight` the scales are somewhere else."""
    dtypes = tree.stored.dtypes
    whole = {dtype for dtype in set(dtypes) if dtype.plain.number in ("int", "bool")}
    if not whole:
        return
    count = len(dtypes)
    for node, index in enumerate(tree.indices):
        if 0 <= index < count and dtypes[index] in whole and not tree.names[node].endswith("weight"):
            found.setdefault(node, "buffer")


def _add_scales(tree: CheckpointTree, found: dict[int, StoredKind]) -> None:
    """Add the scales beside zero points: those of the outputs of torch's quantised layers."""
    for node, name in enumerate(tree.names):
        if name == "zero_point":
            beside = tree.children(tree.parents[node])
            found.update((each, "buffer") for each in beside if tree.names[each] == "scale")


def _beside_the_network(tree: CheckpointTree) -> Sequence[int]:
    """Return the modules that are optimizer state, random state or averages, with the network beside them."""
    places = [0, *(node for node in tree.children(0) if tree.names[node] in _HOLDERS)] if tree.counts[0] < 100 else [0]
    found: list[int] = []
    for place in places:
        children = tree.children(place)
        state = [node for node in children if _STATE.fullmatch(tree.names[node].lower())]
        if len(state) < len(children):
            found += state
    return found
