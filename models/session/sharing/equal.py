"""Tensors of a network that hold equal values in separate memory: copies, ties that were broken.

Those of one shape and dtype are compared at some elements first; only where these agree the values are read in whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ...live.live_tree import LiveTree, Node
from ...tensors.distributed import is_distributed
from ...tensors.plainly import plain, plainly
from ...work.cancelled import Cancelled, ShouldCancel, never
from .groups import Member, ShareGroup

SAMPLES = 8
"""Elements that are compared first."""
BROKEN = (
    "a copy, or a tie that was broken: by loading with assign=True, by copy.deepcopy of a part, or by .to() where the "
    "memory was shared and not the parameter"
)
TIE = "assigning one parameter to both names ties them; training moves them apart otherwise"


@plainly
def equal_values(
    tree: LiveTree, should_cancel: ShouldCancel = never, on_progress: Callable[[float], None] = lambda share: None
) -> list[ShareGroup]:
    """Return the tensors that are equal in all elements and lie in different memory.

    Left out is what is all one number: fresh biases and norms are equal without having to do with each other.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    alike: dict[object, list[tuple[Node, Tensor]]] = {}
    nodes = list({id(each.item): each for each in reversed(tree.nodes) if each.is_tensor}.values())
    for at, node in enumerate(reversed(nodes)):
        if should_cancel():
            raise Cancelled
        on_progress(at / len(nodes) / 2)
        assert isinstance(node.item, Tensor)
        found = _sampled(node.item)
        if found is not None:
            alike.setdefault(found[0], []).append((node, found[1]))
    candidates = [each for each in alike.values() if len(each) > 1]
    groups = []
    for at, members in enumerate(candidates):
        on_progress(0.5 + at / len(candidates) / 2)
        groups += [_group(same) for same in _equal(members, should_cancel)]
    return sorted(groups, key=lambda group: group.members[0].node.index)


def _sampled(tensor: Tensor) -> tuple[object, Tensor] | None:
    """Return what is equal for tensors that may be, and the tensor as torch's own; None where it has no values."""
    if is_distributed(tensor):
        return None
    try:
        bare = plain(tensor).detach()
        if bare.is_meta or bare.layout != torch.strided or bare.is_quantized or bare.numel() < 2:
            return None
        shape, last = tuple(bare.shape), bare.numel() - 1
        places = {last * at // (SAMPLES - 1) for at in range(SAMPLES)}
        values = tuple(bare[_index(place, shape)].item() for place in sorted(places))
    except Exception:  # lazy ones, foreign subclasses and dtypes
        return None
    return (shape, bare.dtype, bare.device, values), bare


def _index(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    found = []
    for size in reversed(shape):
        place, at = divmod(place, size)
        found.append(at)
    return tuple(reversed(found))


def _equal(members: Iterable[tuple[Node, Tensor]], should_cancel: ShouldCancel) -> list[list[Node]]:
    """Return which of them are equal in all elements, those that are all one number left out."""
    classes: list[tuple[Tensor, list[Node], set[int]]] = []
    for node, tensor in members:
        if should_cancel():
            raise Cancelled
        try:
            memory = int(tensor.untyped_storage()._cdata)
            for other, nodes, memories in classes:
                if memory in memories or torch.equal(tensor, other):
                    if memory not in memories:
                        nodes.append(node)
                        memories.add(memory)
                    break
            else:
                if not _is_constant(tensor):
                    classes.append((tensor, [node], {memory}))
        except Exception:  # a dtype that cannot be compared
            continue
    return [nodes for _, nodes, _ in classes if len(nodes) > 1]


def _is_constant(tensor: Tensor) -> bool:
    return bool((tensor == tensor[(0,) * tensor.dim()]).all())


def _group(nodes: list[Node]) -> ShareGroup:
    item = nodes[0].item
    assert isinstance(item, Tensor)
    size = item.numel() * item.element_size()
    notes = [BROKEN]
    if all(node.kind == "parameter" for node in nodes):
        notes.append(TIE)
    title = f"{len(nodes):,} tensors of equal values in separate memory"
    return ShareGroup("equal", title, [Member(node) for node in nodes], size, size * (len(nodes) - 1), notes)
