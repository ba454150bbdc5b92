"""Which tensors the open network holds, or held since it was opened: by them it is known whose an optimizer is."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from torch import Tensor

    from ..live.live_tree import LiveTree


class HeldTensors:
    """The tensors of the network in all of its trees so far, none of which is kept alive by that.

    A twin has tensors of the same shapes: a target network, or another object of a class that a training file makes an
    optimizer for.  What it holds is nothing that the open network held before.
    """

    def __init__(self) -> None:
        self._references: dict[int, ref[Tensor]] = {}
        """By identity of the tensor."""

    def take(self, tree: LiveTree) -> None:
        """Add what a tree of the network holds."""
        living = {identity: each for identity, each in self._references.items() if each() is not None}
        for tensor in tree.distinct_tensors:
            with suppress(TypeError):  # of a class that cannot be referred to weakly
                living[id(tensor)] = ref(tensor)
        self._references = living

    def include(self, tensor: Tensor) -> bool:
        """Return whether the network holds or held a tensor."""
        found = self._references.get(id(tensor))
        return found is not None and found() is tensor
