"""The facts of one module, tensor or item of an open model, live or in a file, for rows, reports and tables.

Must not import torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from typing import Literal, NamedTuple, overload

from ..messages import Brief, MemoryKind, NodeKind, RowDifference, StatisticsOf
from ..tensors.readable import Readable


class StoredPart(NamedTuple):
    """A part of a tensor that is stored in several: the integers of a quantised weight, its scales."""

    name: str
    """Its name in the file, or the one that it has for torch."""
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    place: str
    """The file and the offset."""


class SharedMemory(NamedTuple):
    """Who else lies in the memory of a tensor."""

    kind: MemoryKind
    """See `TreeRow.memory`."""
    paths: list[str]
    """The first of them."""


NO_MEMORY = SharedMemory("", [])
"""A memory of its own, or none."""


class NodeFacts(ABC):
    """The facts of one node of the tree, each computed on access; None or an empty text where one is unknown."""

    __slots__ = ("index",)

    index: int
    """The index of the node in its tree."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Return the whole path; "" for the root."""

    @property
    def key(self) -> str:
        """Return the name in the source itself, which differs from `path` where that would stand for two things."""
        return self.path

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the last part of the path; the model's own name for the root."""

    @property
    @abstractmethod
    def kind(self) -> NodeKind:
        """Return what it is: a module, a parameter, a buffer, state or an item."""

    @property
    @abstractmethod
    def is_tensor(self) -> bool:
        """Return whether it is a tensor."""

    @property
    @abstractmethod
    def identity(self) -> Hashable:
        """Return a key that is equal for the same object, or the same tensor in a file, under another name."""

    @property
    @abstractmethod
    def detail(self) -> str:
        """Return what stands beside the name: a class, a shape such as `[8, 4]`, the text of an item."""

    @property
    @abstractmethod
    def class_name(self) -> str | None:
        """Return the name of a module's class; None where it is unknown, and for a tensor or item."""

    @property
    def inferred(self) -> bool:
        """Return whether a module's class was inferred from the tensors below it."""
        return False

    @property
    @abstractmethod
    def elements(self) -> int | None:
        """Return the elements of a tensor, of a module those of its parameters, each shared one once; else None."""

    @property
    def trainable(self) -> int | None:
        """Return how many of a module's `elements` are trainable; None where unknown."""
        return None

    @property
    @abstractmethod
    def bytes(self) -> int | None:
        """Return the bytes of a tensor, of a module those of its parameters, each shared one once; else None.

        Of a module without any parameter those of all tensors below.
        """

    @property
    def stored_bytes(self) -> int | None:
        """Return the bytes that a file stores for a tensor, where some belong to no tensor; None for all others."""
        return None

    @property
    @abstractmethod
    def children(self) -> int:
        """Return how many direct children it has."""

    @property
    @abstractmethod
    def other_names(self) -> Sequence[str]:
        """Return the other paths of the same object, in tree order."""

    def first_other_names(self, limit: int) -> list[str]:
        """Return the first `limit` of `other_names`, of which there may be very many."""
        return list(islice(self.other_names, limit))

    @property
    @abstractmethod
    def python(self) -> str:
        """Return the Python expression for it in the console."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...] | None:
        """Return the shape of a tensor; None for a module, and for a tensor that has none (lazy, nested)."""

    @property
    @abstractmethod
    def dtype(self) -> str:
        """Return the name of a tensor's dtype, the type of an item; empty for a module."""

    @property
    def device(self) -> str:
        """Return the device of a live tensor: `cpu`, `cuda:0`; empty for others."""
        return ""

    @property
    def requires_grad(self) -> bool | None:
        """Return whether autograd computes a gradient for a live tensor; None for others."""
        return None

    @property
    def frozen(self) -> bool:
        """Return whether it is a parameter that is not trainable, or a module all of whose parameters are not."""
        return False

    @property
    def gradient(self) -> Literal["", "none", "unreached", "zero", "value"]:
        """Return the state of a trainable parameter's gradient; empty where it was not looked up."""
        return ""

    @property
    def state(self) -> Literal["", "meta", "uninitialised"]:
        """Return why a tensor has no elements in memory; empty where it has."""
        return ""

    @property
    def changed(self) -> bool:
        """Return whether the last statement changed its elements, or those of something below it."""
        return False

    @property
    def registered(self) -> bool | None:
        """Return whether the network's `parameters()`, `buffers()` and `modules()` include it; None in a file."""
        return None

    @property
    def persistent(self) -> bool | None:
        """Return whether a buffer is in the state dict; None for what is no buffer of a live network."""
        return None

    @property
    def word(self) -> str:
        """Return what it is to its network, where `kind` does not say all: `not registered`, `computed`; else empty."""
        return ""

    @property
    def meaning(self) -> str:
        """Return in a sentence what that means for `state_dict`, `.to()` and optimizers; empty where unknown."""
        return ""

    @property
    def alias_of(self) -> Sequence[str]:
        """Return the paths of other tensor objects on the same memory, in tree order."""
        return ()

    @property
    def overlaps(self) -> Sequence[str]:
        """Return those of `alias_of` that hold some of the same elements, not only others of one flat memory."""
        return ()

    def shared_memory(self, limit: int) -> SharedMemory:
        """Return the first `limit` of `alias_of` that hold the same elements, or those that lie beside them."""
        return NO_MEMORY

    @property
    @abstractmethod
    def place(self) -> str:
        """Return where a tensor lies: file and offset, or rank; empty in ordinary memory."""

    @property
    @abstractmethod
    def lacked(self) -> str:
        """Return why the other kind of model need not have this tensor; empty for what both should have."""

    @property
    def parts(self) -> Sequence[StoredPart]:
        """Return what a tensor in a file is stored as where that is several tensors: a weight and its scales."""
        return ()

    @abstractmethod
    def readable(self) -> Readable:
        """Return the tensor, to be read; the node must be one."""

    @abstractmethod
    def brief(self) -> Brief | None:
        """Return the statistics of a tensor in short; None where they were not computed."""

    def difference(self) -> RowDifference | None:
        """Return how the two sides of a comparison differ, as far as it is known; None where nothing is compared."""
        return None

    def initial(self, found: StatisticsOf) -> dict[str, object] | None:
        """Return a comparison of statistics with the initialiser of a parameter; None where that is unknown."""
        return None


class GroupFacts(NamedTuple):
    """The facts of repeated siblings together, each shared object counted once; None where one of them is unknown."""

    elements: int | None
    """Elements of all parameters at or below them."""
    bytes: int | None
    """Bytes of all tensors at or below them."""
    trainable: int | None
    """How many of `elements` are trainable."""
    changed: bool = False
    """Whether the last statement changed one of them."""
    dtypes: Sequence[str] = ()
    """The dtypes of siblings that are tensors, the most frequent first."""


class FactsOfMany(Sequence[NodeFacts]):
    """The facts of many nodes as a sequence; each is made when it is indexed."""

    def __init__(self, make: Callable[[int], NodeFacts], nodes: Sequence[int]) -> None:
        self._make = make
        self.nodes = nodes

    def __len__(self) -> int:
        return len(self.nodes)

    @overload
    def __getitem__(self, index: int) -> NodeFacts: ...
    @overload
    def __getitem__(self, index: slice) -> list[NodeFacts]: ...
    def __getitem__(self, index: int | slice) -> NodeFacts | list[NodeFacts]:
        if isinstance(index, slice):
            return [self._make(node) for node in self.nodes[index]]
        return self._make(self.nodes[index])
