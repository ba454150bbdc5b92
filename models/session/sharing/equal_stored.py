"""Tensors of a checkpoint that hold equal values, each stored by itself: copies, ties that were broken.

Those of one shape and dtype are compared by their first bytes; only where these agree more is read, piece by piece and
no further than they go on to agree.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from ...stored.composed import Composed
from ...stored.stored import Stored
from ...tensors.lattice import repeats_much
from ...tensors.readable import Unreadable
from ...work.cancelled import Cancelled, ShouldCancel, never

if TYPE_CHECKING:
    from ...checkpoint.model import CheckpointModel

HEAD = 256
"""Elements that are compared first."""
FIRST_PIECE, PIECE = 2**14, 2**18
"""Elements that are read at once, at the beginning and later; multiples of every block that is packed."""
STORED = "stored as often as it has names: a copy, or a tie that was broken before the file was written"
TIES = "a network that ties them keeps one of them when it loads the file"


class _Candidate(NamedTuple):
    """A tensor that may be equal to others."""

    node: int
    parts: Sequence[Stored]
    """Itself, or what it is stored as."""


class _Class(NamedTuple):
    """Tensors that agree in all that was read of them so far."""

    members: list[_Candidate]
    piece: int
    """The index of the next piece that is read."""
    only: bytes
    """The bytes of the element that all so far are; empty where they differ."""


def equal_stored(
    model: CheckpointModel,
    should_cancel: ShouldCancel = never,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[list[int]]:
    """Return the nodes of tensors that are equal byte for byte and stored each by itself, in tree order.

    Left out is what is all one number, and what cannot be read.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    alike = list(_of_one_form(model))
    total, done = sum(map(len, alike)), 0
    candidates = []
    for members in alike:
        by_head: dict[bytes, list[_Candidate]] = {}
        for each in members:
            if should_cancel():
                raise Cancelled
            on_progress(done / total / 2)
            done += 1
            if (head := _read(each.parts[0], 0, HEAD)) is not None:
                by_head.setdefault(head, []).append(each)
        candidates += [same for same in by_head.values() if len(same) > 1]
    found = _in_whole(candidates, should_cancel, lambda share: on_progress(0.5 + share / 2))
    return sorted(sorted(each.node for each in same) for same in found)


def _of_one_form(model: CheckpointModel) -> Iterator[list[_Candidate]]:
    """Yield the tensors of one shape and dtype, each storage once, where there are several."""
    tree = model.tree
    stored = tree.stored
    forms: dict[object, list[int]] = {}
    shapes, dtypes, sizes = stored.shapes, stored.dtypes, stored.sizes
    for node in tree.tensors(0, len(tree)):
        index = tree.indices[node]
        forms.setdefault((shapes[index], dtypes[index].name, sizes[index]), []).append(node)
    for nodes in forms.values():
        if len(nodes) < 2:
            continue
        found: dict[object, _Candidate] = {}
        for node in nodes:
            tensor = tree.tensor(node)
            if tensor is not None and tensor.elements > 1 and (parts := _parts(tensor)):
                found.setdefault(node if tensor.storage is None else tensor.storage, _Candidate(node, parts))
        if len(found) > 1:
            yield list(found.values())


def _parts(tensor: Stored) -> Sequence[Stored]:
    """Return what is read of a tensor; nothing where it cannot be, or repeats elements without end."""
    if isinstance(tensor, Composed):
        parts = [part for each in tensor.parts.values() for part in _parts(each)]
        return parts if len(parts) >= len(tensor.parts) else ()
    if tensor.strides is not None and repeats_much(tensor.shape, tensor.strides):
        return ()
    return () if tensor.absence[0] else (tensor,)


def _in_whole(
    candidates: Sequence[list[_Candidate]], should_cancel: ShouldCancel, on_progress: Callable[[float], None]
) -> Iterator[list[_Candidate]]:
    """Yield which of the candidates are equal in all bytes."""
    pieces = [list(_pieces(members[0].parts)) for members in candidates]
    total = sum(len(own) * len(members) for own, members in zip(pieces, candidates, strict=True))
    done = 0
    for own, members in zip(pieces, candidates, strict=True):
        end = done + len(own) * len(members)
        pending = [_Class(members, 0, b"?")]
        while pending:
            agreeing = pending.pop()
            if agreeing.piece == len(own):
                if not agreeing.only:
                    yield agreeing.members
                continue
            for split in _split(agreeing, own[agreeing.piece], should_cancel):
                pending.append(split)
            done = min(done + len(agreeing.members), end)
            on_progress(done / total)
        done = end


def _pieces(parts: Sequence[Stored]) -> Iterator[tuple[int, int, int]]:
    """Yield the index of a part, and the elements from and up to which a piece of it goes."""
    for index, part in enumerate(parts):
        start, size = 0, FIRST_PIECE
        while start < part.elements:
            yield index, start, min(start + size, part.elements)
            start, size = start + size, PIECE


def _split(agreeing: _Class, piece: tuple[int, int, int], should_cancel: ShouldCancel) -> Iterator[_Class]:
    """Yield those of a class that agree in one more piece of their bytes, where several do."""
    part, start, stop = piece
    classes: dict[bytes, list[_Candidate]] = {}
    only: dict[bytes, bytes] = {}
    for each in agreeing.members:
        if should_cancel():
            raise Cancelled
        stored = each.parts[part]
        if (data := _read(stored, start, stop)) is None:
            continue
        digest = blake2b(data, digest_size=16).digest()
        classes.setdefault(digest, []).append(each)
        if agreeing.only and digest not in only:
            unit = data[: stored.dtype.plain.unit]
            constant = data == unit * (len(data) // max(len(unit), 1)) and agreeing.only in (b"?", unit)
            only[digest] = unit if constant else b""
    for digest, members in classes.items():
        if len(members) > 1:
            yield _Class(members, agreeing.piece + 1, only.get(digest, b""))


def _read(stored: Stored, start: int, stop: int) -> bytes | None:
    """Return elements as bytes; None where they cannot be read."""
    try:
        return stored.bytes(start, min(stop, stored.elements))
    except Unreadable:
        return None
