"""What a forward keeps for backward: read off its graph afterwards, at no cost before.

Not by hooks that are called when a tensor is saved: they hide from torch that a saved tensor was changed in place, and
backward would give wrong gradients silently.  A tensor that is packed by a hook of the user's (activation
checkpointing, offloading) is left alone: unpacking it would run its layers again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ..tensors.plainly import attribute, plainly
from .graph import discovered
from .trace.calls import Call
from .trace.flow import storage_of
from .trace.live_memory import add_hidden
from .trace.record import Trace
from .trace.shapes import tensors_in
from .trace.totals import join_peaks

_SHOWS_SAVED = all(hasattr(torch._C._autograd.SavedTensor, name) for name in ("data", "unpack_hook"))
"""Whether torch shows a saved tensor and what packed it; older versions do not."""


@plainly
def note_kept(trace: Trace, output: object, own: Iterable[Tensor]) -> None:
    """Note at each call the bytes that its backward needs; each storage once, at the last call that needs it.

    What no call returned counts among the memory that is in use from its call on.
    Nothing is noted where the result has no graph, or one too large to be looked at, or torch is too old for it.

    Args:
        output: what the run returned.
        own: the network's parameters and buffers, whose memory is there anyway.
    """
    starts = [tensor for tensor in tensors_in(output) if attribute(tensor, "grad_fn") is not None]
    if not (starts or trace.nodes or trace.in_threads):
        _write(trace.calls, {})  # no call made a node, as under no_grad
        return
    if not starts or not trace.nodes_complete or not _SHOWS_SAVED:
        return
    nodes, complete = discovered([attribute(tensor, "grad_fn") for tensor in starts])
    if not complete:
        return
    firsts = [first for first, _, _ in trace.nodes]
    seen = {storage_of(tensor) for tensor in own}
    kept: dict[int, int] = {}
    hidden: dict[int, tuple[int, int]] = {}
    for node in sorted(nodes, key=lambda node: node._sequence_nr(), reverse=True):
        sequence = node._sequence_nr()
        place = bisect_right(firsts, sequence) - 1
        if place < 0 or sequence >= trace.nodes[place][1]:
            continue  # made outside of the network
        row = trace.nodes[place][2].row_of().index
        for tensor in _saved(node):
            storage = storage_of(tensor)
            if storage and storage not in seen:
                seen.add(storage)
                size = tensor.untyped_storage().nbytes()
                size = size if type(size) is int else 0  # of a size that depends on values
                kept[row] = kept.get(row, 0) + size
                if trace.memory is not None and not trace.memory.knows(storage):
                    hidden[storage] = sequence, size
            elif storage in hidden:
                hidden[storage] = sequence, hidden[storage][1]
    _write(trace.calls, kept)
    if hidden and trace.lineage.complete:
        add_hidden([(event.call, event.first) for event in trace.lineage.events], list(hidden.values()))
        join_peaks(trace.calls)


def _write(rows: list[Call], kept: dict[int, int]) -> None:
    """Write into each row what was found for it and, of a module, for all within it."""
    holders: list[Call] = []
    for row in rows:
        row.kept = 0
        while holders and holders[-1].depth >= row.depth:
            holders.pop()
        bytes_of_row = kept.get(row.index, 0)
        for call in (*holders, row):
            assert call.kept is not None
            call.kept += bytes_of_row
        if row.kind == "module":
            holders.append(row)


def _saved(node: Any) -> Iterator[Tensor]:
    """Yield the tensors that a node of the graph saved, but for those that a hook packed."""
    for name in _names(type(node)):  # type: ignore[arg-type]
        try:
            saved = getattr(node, name)
        except RuntimeError:  # used up by a backward meanwhile
            continue
        for each in saved if isinstance(saved, tuple | list) else (saved,):
            if each is not None and getattr(each, "unpack_hook", None) is None:
                tensor = getattr(each, "data", None)
                if isinstance(tensor, Tensor):
                    yield tensor


@lru_cache(maxsize=1024)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith("_raw_saved_"))
