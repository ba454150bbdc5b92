"""Copies of what calls were given and returned, taken while they run, as many as a number of bytes allows.

A copy is of the elements at that moment: what is written in place later does not reach it.  The result of one call that
another one reads is copied once.  Nothing is drawn, no node of a graph is made, no version is counted up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from weakref import ref

import torch
from torch import Tensor

from ...sources.wording import size_text
from ...tensors.distributed import local_part, why_not_local
from ...tensors.plainly import plain
from ...tensors.reading import error_text
from ...tensors.tensors import size_in_bytes
from .calls import Call
from .flow import version_of

BUDGET = 64 * 2**20
"""Bytes of all copies of one run."""
LARGEST = 8 * 2**20
"""Bytes of one copy."""
SAMPLED = 2048
"""Elements that are kept of a tensor for which there is no room, to compare it with that of another run."""
SAMPLES = 16 * 2**20
"""Bytes of all samples of one run."""
NOT_READ = "it was given by name, and no call read it before it was changed"
ROOM = 1000
"""Tensors known before those that are gone are looked for."""


class Copy:
    """A copy of a tensor, whose bytes the budget has back when nobody holds it any more."""

    __slots__ = ("__weakref__", "_bytes", "_captures", "tensor")

    def __init__(self, captures: Captures, tensor: Tensor, size: int) -> None:
        self.tensor = tensor
        self._captures = captures
        self._bytes = size
        captures.left -= size

    def __del__(self) -> None:
        self._captures.left += self._bytes


class Sample:
    """Elements of a tensor at places that its shape gives, in one dimension; the room has its bytes back likewise."""

    __slots__ = ("__weakref__", "_bytes", "_captures", "tensor")

    def __init__(self, captures: Captures, tensor: Tensor) -> None:
        self.tensor = tensor
        self._captures = captures
        self._bytes = tensor.numel() * tensor.element_size()
        captures.left_for_samples -= self._bytes

    def __del__(self) -> None:
        self._captures.left_for_samples += self._bytes


@dataclass(frozen=True, slots=True)
class Own:
    """A parameter, buffer or constant of the network, which is not copied."""

    path: str


@dataclass(frozen=True, slots=True)
class NotKept:
    """A tensor of which there is no copy."""

    reason: str
    for_room: bool = False
    """Whether that is for want of room, so that one would be kept by itself."""
    sample: Sample | None = field(default=None, compare=False)
    """Some of its elements, where that is for want of room; None for none."""


Kept = Copy | Own | NotKept


@dataclass(slots=True)
class CallTensors:
    """What is kept of one call; of one that repeats, of its last turn."""

    inputs: Sequence[Kept] = ()
    """In the order of its `inputs`."""
    outputs: Sequence[Kept] = ()
    """Of the tensors that it returned."""
    gradient: Kept | None = None
    """The gradient that the last backward brought to the first of these; None where none came."""
    note: str = ""
    """What these are, where they are not the run's own; empty otherwise."""


class Captures:
    """Takes the copies of one run.

    Args:
        budget: bytes of all copies that are held at a time.
        largest: bytes of one copy.
        only: a call of an earlier run: copies are taken of those like it alone; None for all.
    """

    def __init__(self, budget: int = BUDGET, largest: int = LARGEST, only: Call | None = None) -> None:
        self._only = only
        self.left = budget
        """Bytes that there is still room for."""
        self.left_for_samples = min(SAMPLES, budget)
        """Bytes that there is still room for in samples."""
        self._largest = min(largest, budget)
        self._sampled: dict[int, tuple[ref[Tensor], int, ref[Sample], str]] = {}
        self._known: dict[int, tuple[ref[Tensor], int, ref[Copy]]] = {}
        self._room = ROOM

    def wants_operation(self, name: str) -> bool:
        """Return whether copies may be taken of an operation of this name."""
        return self._only is None or (self._only.kind == "operation" and self._only.op == name)

    def wants(self, call: Call) -> bool:
        """Return whether copies are to be taken of a call."""
        return self._only is None or _key(self._only) == _key(call)

    def of(self, tensors: Sequence[Tensor], path_of: Callable[[Tensor], str | None]) -> list[Kept]:
        """Return a copy of each tensor as it is now, or why there is none.

        Args:
            path_of: returns the path of one that is the network's own.
        """
        return [self._of(tensor, path_of) for tensor in tensors]

    def _of(self, tensor: Tensor, path_of: Callable[[Tensor], str | None]) -> Kept:
        version = version_of(tensor)
        known = self._known.get(id(tensor))
        if known is not None and version >= 0 and known[1] == version and known[0]() is tensor:
            copy = known[2]()
            if copy is not None:
                return copy
        path = path_of(tensor)
        if path is not None:
            return Own(path)
        sampled = self._sampled_before(tensor, version)
        if sampled is not None:
            return sampled
        kept = self._copied(tensor)
        if len(self._known) + len(self._sampled) >= self._room:
            self._sweep()
        if isinstance(kept, Copy):
            self._known[id(tensor)] = ref(tensor), version, ref(kept)
        elif isinstance(kept, NotKept) and kept.for_room and self._only is None:
            kept = self._with_sample(tensor, version, kept)
        return kept

    def _sampled_before(self, tensor: Tensor, version: int) -> NotKept | None:
        """Return what became of a tensor of which a sample was taken, if it was not written since."""
        found = self._sampled.get(id(tensor))
        if found is None or found[0]() is not tensor or found[1] != version or version < 0:
            return None
        sample = found[2]()
        return None if sample is None else NotKept(found[3], for_room=True, sample=sample)

    def _with_sample(self, tensor: Tensor, version: int, kept: NotKept) -> NotKept:
        """Return the same with some of the elements, if there is room for them."""
        try:
            if self.left_for_samples < SAMPLED * tensor.element_size():
                return kept
            sample = Sample(self, sample_of(plain(local_part(tensor)).detach()))
        except Exception:  # of a foreign class, or a layout that has no such places
            return kept
        self._sampled[id(tensor)] = ref(tensor), version, ref(sample), kept.reason
        return NotKept(kept.reason, for_room=True, sample=sample)

    def copy(self, tensor: Tensor) -> Kept:
        """Return a copy of a tensor that nobody asks for again, or why there is none."""
        return self._copied(tensor)

    def known(self, tensor: Tensor) -> Kept:
        """Return the copy of a tensor that was taken before, if it was not written since; else why there is none."""
        known = self._known.get(id(tensor))
        if known is not None and known[1] == version_of(tensor) >= 0 and known[0]() is tensor:
            return known[2]() or NotKept(NOT_READ)
        return NotKept(NOT_READ)

    def _copied(self, tensor: Tensor) -> Kept:
        if torch._C._len_torch_dispatch_stack() or torch._C._functorch.peek_interpreter_stack() is not None:
            return NotKept("within a transform or a mode of torch no copies are taken")
        try:
            if why_not_local(tensor):
                return NotKept(why_not_local(tensor))
            tensor = local_part(tensor)
            size = size_in_bytes(tensor)
            if size is None or tensor.is_meta:
                return NotKept("it has no values")
            if size > self._largest:
                limit = size_text(self._largest)
                return NotKept(f"it takes {size_text(size)}, and a run keeps tensors up to {limit}", for_room=True)
            if size > self.left:
                left = size_text(max(self.left, 0))
                return NotKept(f"it takes {size_text(size)}, and the run has room for {left} more", for_room=True)
            return Copy(self, plain(tensor).detach().clone(), size)
        except Exception as error:  # a foreign class raises what it likes, and memory may be short
            return NotKept(error_text(error))

    def _sweep(self) -> None:
        self._known = {
            key: known for key, known in self._known.items() if known[0]() is not None and known[2]() is not None
        }
        self._sampled = {
            key: known for key, known in self._sampled.items() if known[0]() is not None and known[2]() is not None
        }
        self._room = max(ROOM, 2 * (len(self._known) + len(self._sampled)))


def sample_of(tensor: Tensor) -> Tensor:
    """Return at most `SAMPLED` elements in one dimension: those of the same places of every tensor of this shape."""
    return tensor[_places(tuple(tensor.shape), tensor.device)] if tensor.shape else tensor.reshape(1)


@lru_cache(maxsize=64)
def _places(shape: tuple[int, ...], device: torch.device) -> tuple[Tensor, ...]:
    """Return the indices of a sample, of each dimension: an odd number of elements apart, so in all channels."""
    elements = math.prod(shape)
    count = min(SAMPLED, elements)
    flat = torch.arange(count, dtype=torch.int64, device="cpu") * (elements // count | 1) % elements
    found = []
    for size in reversed(shape):
        found.append((flat % size).to(device))
        flat = flat // size
    return tuple(reversed(found))


def _key(call: Call) -> tuple[str, str, str, int, str]:
    """Return what is known of a call before it runs."""
    return call.module, call.op, call.kind, call.depth, call.where
