"""Tensors that are distributed over ranks: only this rank's part is read, without communication.

An operation on a `DTensor` may be a collective.  Called on one rank alone it waits for ever, or takes the messages that
are meant for the job's own collectives: the job fails, and its own code is blamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

_PLAIN = (Tensor, torch.nn.Parameter)


def is_distributed(tensor: Tensor) -> bool:
    """Return whether a tensor lies on the ranks of a device mesh (`DTensor`)."""
    return type(tensor) not in _PLAIN and _attribute(tensor, "device_mesh") is not None


def local_part(tensor: Tensor) -> Tensor:
    """Return this rank's part of a distributed tensor; any other tensor itself.

    A tensor whose part needs the other ranks is returned itself: ask `why_not_local` first.
    """
    if type(tensor) in _PLAIN or not is_distributed(tensor):
        return tensor
    try:
        return _local(tensor)
    except Exception:  # a class with a mesh that is none of torch's
        return tensor


def why_not_local(tensor: Tensor) -> str:
    """Return a sentence on why the elements cannot be read on this rank alone; empty where they can."""
    if type(tensor) in _PLAIN:
        return ""
    if is_distributed(tensor):
        try:
            tensor = _local(tensor)
        except Exception as error:
            return f"the part of this rank cannot be had: {type(error).__name__}"
        if type(tensor) in _PLAIN:
            return ""
    if type(tensor).__module__.startswith("torch.distributed."):
        if _attribute(tensor, "device_mesh") is None:
            return f"a {type(tensor).__name__}: reading it may need the other ranks, and is left alone"
        return f"a {type(tensor).__name__} within another: reading it may need the other ranks, and is left alone"
    return ""


def local_note(tensor: Tensor) -> str:
    """Return `rank 0 holds rows 0–4 of 9 (Shard(dim=0))`; empty for a tensor that is not distributed."""
    if not is_distributed(tensor):
        return ""
    where = f" ({placements})" if (placements := placements_text(tensor)) else ""
    try:
        local, start = _place(tensor)
        parts = list(_parts(list(tensor.shape), local, start))
    except Exception:  # not known to this version, or not of this class
        return f"this rank's part{where}"
    if any(not size for size in local) and all(tensor.shape):
        return f"{_rank()} holds nothing of it{where}"
    partial = "its part of a sum of" if "Partial" in where or "P(" in where else ""
    return f"{_rank()} holds {partial or ''}{' ' * bool(partial)}{' and '.join(parts) or 'all of it'}{where}"


def placements_text(tensor: Tensor) -> str:
    """Return the placements on each dimension of the mesh, `Shard(dim=0), Replicate()`; empty where there are none."""
    try:
        return ", ".join(repr(placement) for placement in _attribute(tensor, "placements") or ())[:200]
    except Exception:  # of a class of its own
        return ""


def _local(tensor: Any) -> Tensor:
    with torch.no_grad():  # with it, that would be an operation, to be differentiated
        found = tensor.to_local()
    if not isinstance(found, Tensor) or found is tensor:
        raise TypeError("to_local() gives no tensor")
    return found


def _place(tensor: Any) -> tuple[Sequence[int], Sequence[int]]:
    """Return the shape and the offset of this rank's part, without communication."""
    from torch.distributed.tensor._utils import compute_local_shape_and_global_offset

    local, start = compute_local_shape_and_global_offset(tensor.shape, tensor.device_mesh, tensor.placements)
    return local, start


def _parts(whole: list[int], local: Sequence[int], start: Sequence[int]) -> Iterator[str]:
    names = {1: ["elements"], 2: ["rows", "columns"]}.get(len(whole))
    for dimension, (size, own, first) in enumerate(zip(whole, local, start, strict=True)):
        if own != size:
            name = names[dimension] if names else f"dimension {dimension}:"
            last = f"–{first + own - 1:,}" if own > 1 else ""
            yield f"{name} {first:,}{last} of {size:,}"


def _rank() -> str:
    try:
        return f"rank {torch.distributed.get_rank()}"
    except Exception:  # no process group any more
        return "this rank"


def _attribute(tensor: Tensor, name: str) -> Any:
    try:
        return getattr(tensor, name, None)
    except Exception:  # computed, and failing
        return None
