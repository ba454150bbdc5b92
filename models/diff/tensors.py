"""The two kinds of tensors that are compared, stored and live, behind one way to read them: a piece at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING

from ..stored.stored import Stored, Unreadable
from .difference import Side

if TYPE_CHECKING:
    from torch import Tensor

    from ..live.outline import Node

    Pieces = Callable[[int, int], Tensor]


class Comparable(ABC):
    """One tensor of a source.  May be read from several threads at a time."""

    __slots__ = ("lacks", "path", "side", "twins")

    def __init__(self, side: Side, lacks: str = "", twins: tuple[str, ...] = ()) -> None:
        self.side = side
        self.path = side.path
        """Under which it is compared: its own, until it is renamed."""
        self.lacks = lacks
        """Why the other kind of source need not have it; empty for what both should have."""
        self.twins = twins
        """Other paths of the very same tensor."""

    @property
    def elements(self) -> int:
        return prod(self.side.shape or ())

    @property
    @abstractmethod
    def item_bytes(self) -> float:
        """Bytes that are read for an element, about."""

    @property
    def no_values(self) -> str:
        """A sentence on why nothing can be read, found without reading; empty where it can."""
        return ""

    @property
    def scaled(self) -> bool:
        """Whether the numbers are integers of a quantised type times their scale, not the integers themselves."""
        return False

    @abstractmethod
    def reader(self) -> Pieces:
        """Gives the elements from one place to another in row-major order, on the CPU, in one dimension.

        Usable from several threads.  Both this and the reader raise `Unreadable` with a sentence on why.
        """

    @property
    def strides(self) -> tuple[int, ...] | None:
        """How its elements lie, where one may be stored once and shown many times; None where each is stored."""
        return None

    def once(self, axes: frozenset[int]) -> Comparable:
        """The first part of it along these dimensions, along all of which its strides are 0."""
        return self

    def span_reader(self) -> Pieces:
        """Gives what is stored from its first to its last element, where it has `strides`; otherwise as `reader`."""
        return self.reader()

    def raw(self, start: int, stop: int) -> bytes | None:
        """The same as bytes where that takes no work; equal bytes of one dtype are equal numbers.

        Raises:
            Unreadable: with a sentence on why.
        """
        return None


class StoredTensor(Comparable):
    """A tensor of a checkpoint."""

    __slots__ = ("_stored",)

    def __init__(self, stored: Stored) -> None:
        state = stored.kind == "state"
        lacks = "state of an optimizer or the like, which a network has not" if state else ""
        super().__init__(Side(stored.path, stored.shape, stored.dtype.name, state), lacks)
        self._stored = stored

    @property
    def item_bytes(self) -> float:
        return self._stored.dtype.unit / self._stored.dtype.per_unit

    @property
    def no_values(self) -> str:
        from ..stored.window import no_numbers

        return no_numbers(self._stored)

    def reader(self) -> Pieces:
        from ..stored.torch_pieces import torch_piece

        return partial(torch_piece, self._stored)

    @property
    def strides(self) -> tuple[int, ...] | None:
        found = self._stored.in_strides
        return None if found is None else found.stride

    def once(self, axes: frozenset[int]) -> Comparable:
        from ..stored.overlap import once

        return StoredTensor(once(self._stored, axes)[0])

    def span_reader(self) -> Pieces:
        from ..stored.torch_pieces import torch_piece

        found = self._stored.in_strides
        return self.reader() if found is None else partial(torch_piece, found.span())

    def raw(self, start: int, stop: int) -> bytes:
        return bytes(self._stored.flat(start, stop))


class LiveTensor(Comparable):
    """A parameter, buffer or constant of a network."""

    __slots__ = ("_axes", "_node")

    def __init__(self, node: Node, lacks: str) -> None:
        from ..tensors.tensors import dtype_text, shape_of

        tensor = _tensor(node)
        super().__init__(Side(node.path, shape_of(tensor), dtype_text(tensor)), lacks, node.shared_with)
        self._node = node
        self._axes: frozenset[int] = frozenset()

    @property
    def strides(self) -> tuple[int, ...] | None:
        from ..tensors.overlap import strides_of

        tensor = _tensor(self._node)
        return strides_of(tensor) if self.side.shape is not None and is_strided(tensor) else None

    def once(self, axes: frozenset[int]) -> Comparable:
        from ..tensors.lattice import without

        found = LiveTensor(self._node, self.lacks)
        found._axes = axes
        found.side = replace(self.side, shape=without(self.side.shape or (), axes)[0])
        return found

    @property
    def item_bytes(self) -> float:
        return _tensor(self._node).element_size()

    @property
    def no_values(self) -> str:
        from ..tensors.absence import absence_of

        return absence_of(_tensor(self._node))[1]

    @property
    def scaled(self) -> bool:
        return _tensor(self._node).is_quantized

    def reader(self) -> Pieces:
        return self._reader(self._read)

    def span_reader(self) -> Pieces:
        from ..tensors.overlap import span

        return self._reader(lambda: span(self._read()))

    def _read(self) -> Tensor:
        from ..tensors.reading import strided

        tensor = strided(_tensor(self._node))
        return tensor[tuple(slice(1 if axis in self._axes else None) for axis in range(tensor.dim()))]

    def _reader(self, find: Callable[[], Tensor]) -> Pieces:
        with _readable():
            tensor = find()

        def read(start: int, stop: int) -> Tensor:
            with _readable():
                return flat_part(tensor, start, stop).cpu()

        return read


def is_strided(tensor: Tensor) -> bool:
    """Whether its elements lie in memory at regular distances; not where it is sparse or quantised."""
    import torch

    return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_nested


@contextmanager
def _readable() -> Iterator[None]:
    from ..tensors.reading import trouble

    try:
        yield
    except Exception as error:  # a foreign subclass raises what it likes
        raise Unreadable(trouble(error)) from error


def _tensor(node: Node) -> Tensor:
    """Without what its class makes of it: a `__torch_function__` may raise where it is looked at."""
    from torch import Tensor

    from ..tensors.plainly import plain

    assert isinstance(node.item, Tensor)
    return plain(node.item)


def flat_part(tensor: Tensor, start: int, stop: int) -> Tensor:
    """The elements `start` to `stop` in row-major order, in one dimension.

    A view where the tensor is contiguous; else no more than the part itself is copied.
    """
    import torch

    if tensor.is_contiguous() or start == stop:
        return tensor.reshape(-1)[start:stop] if tensor.is_contiguous() else tensor.new_empty(0)
    inner = tensor.numel() // tensor.shape[0]
    first, last = -(-start // inner), stop // inner
    if first > last:  # within one index
        return flat_part(tensor[last], start - last * inner, stop - last * inner)
    parts = [tensor[first:last].reshape(-1)]
    if start < first * inner:
        parts.insert(0, flat_part(tensor[first - 1], start - (first - 1) * inner, inner))
    if stop > last * inner:
        parts.append(flat_part(tensor[last], 0, stop - last * inner))
    return parts[0] if len(parts) == 1 else torch.cat(parts)
