"""The facts of one module or tensor of a live network: see `NodeFacts`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from ..messages import Brief, NodeKind, StatisticsOf
from ..opened.node_facts import NO_MEMORY, NodeFacts, SharedMemory
from ..tensors import tensors as facts_of
from ..tensors.distributed import local_note
from ..tensors.readable import Readable
from ..tensors.torch_readable import readable_of
from .gradient_state import GradientState
from .kinds import USUAL, node_role
from .paths import python_path
from .sharing import may_share_memory

if TYPE_CHECKING:
    from .live_model import LiveModel
    from .live_tree import Node


class LiveFacts(NodeFacts):
    """The facts of one node of the open network's tree."""

    __slots__ = ("_model", "gradient", "node")

    gradient: GradientState
    """The state of a trainable parameter's gradient; empty where it was not looked up."""

    def __init__(self, model: LiveModel, index: int, gradient: GradientState = "") -> None:
        self._model = model
        self.index = index
        self.node = model.tree.nodes[index]
        self.gradient = gradient

    @property
    def path(self) -> str:
        """Return the whole path; "" for the root."""
        return self.node.path

    @property
    def name(self) -> str:
        """Return the last part of the path; the model's own name for the root."""
        return self.node.name

    @property
    def kind(self) -> NodeKind:
        """Return what it is: a module, a parameter, a buffer, state or an item."""
        return self.node.kind

    @property
    def is_tensor(self) -> bool:
        """Return whether it is a tensor."""
        return self.node.is_tensor

    @property
    def identity(self) -> Hashable:
        """Return the identity of the live object."""
        return id(self.node.item)

    @property
    def detail(self) -> str:
        """Return what stands beside the name: a class, a shape such as `[8, 4]`, the text of an item."""
        return facts_of.detail_of(self.node.item)

    @property
    def class_name(self) -> str | None:
        """Return the name of a module's class; None where it is unknown, and for a tensor or item."""
        return facts_of.class_name(self.node.item) if isinstance(self.node.item, nn.Module) else None

    @property
    def elements(self) -> int | None:
        """Return the elements of a tensor, of a module those of its parameters, each shared one once; else None.

        None while a lazy parameter at or below has no size.
        """
        if isinstance(self.node.item, Tensor):
            return facts_of.element_count(self.node.item)
        totals = self._model.totals
        return None if totals.unknown(self.index) else totals.parameters(self.index)

    @property
    def trainable(self) -> int | None:
        """Return how many of a module's `elements` are trainable; None where unknown.

        Of a parameter its own elements, or 0; None for any other tensor.
        """
        totals = self._model.totals
        if totals.unknown(self.index) or self.kind in ("buffer", "constant") or self.node.plain:
            return None
        return totals.trainable(self.index)

    @property
    def bytes(self) -> int | None:
        """Return the bytes of a tensor, of a module those of its parameters, each shared one once; else None.

        None while a lazy parameter at or below has no size.

        Of a module without any parameter those of all tensors below.
        """
        if isinstance(self.node.item, Tensor):
            return facts_of.size_in_bytes(self.node.item)
        totals = self._model.totals
        return None if totals.unknown(self.index) else totals.module_bytes(self.index)

    @property
    def children(self) -> int:
        """Return how many direct children it has."""
        return self._model.tree.counts[self.index]

    @property
    def other_names(self) -> Sequence[str]:
        """Return the other paths of the same object, in tree order."""
        return self.node.shared_with

    def first_other_names(self, limit: int) -> list[str]:
        """Return the first `limit` of `other_names`, of which there may be very many; no more are gone through."""
        return list(islice(self.node.other_names(), limit))

    @property
    def python(self) -> str:
        """Return the Python expression for it in the console: `net[0][1][0].bias`."""
        return python_path(self._model.tree, self.node)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the shape of a tensor; None for a module, and for a tensor that has none (lazy, nested)."""
        return facts_of.shape_of(self.node.item) if isinstance(self.node.item, Tensor) else None

    @property
    def dtype(self) -> str:
        """Return the name of a tensor's dtype, the type of an item; empty for a module."""
        return facts_of.dtype_text(self.node.item) if isinstance(self.node.item, Tensor) else ""

    @property
    def device(self) -> str:
        """Return the device of a live tensor: `cpu`, `cuda:0`; empty for others."""
        return facts_of.device_text(self.node.item) if isinstance(self.node.item, Tensor) else ""

    @property
    def requires_grad(self) -> bool | None:
        """Return whether autograd computes a gradient for a live tensor; None for others."""
        return facts_of.requires_grad(self.node.item) if isinstance(self.node.item, Tensor) else None

    @property
    def frozen(self) -> bool:
        """Return whether it is a parameter that is not trainable, or a module all of whose parameters are not."""
        if self.is_tensor:
            return self.kind == "parameter" and not self.requires_grad
        return bool(self.elements) and not self._model.totals.trainable(self.index)

    @property
    def state(self) -> Literal["", "meta", "uninitialised"]:
        """Return why a tensor has no elements in memory; empty where it has."""
        tensor = self.node.item
        if not isinstance(tensor, Tensor):
            return ""
        if facts_of.is_uninitialised(tensor):
            return "uninitialised"
        return "meta" if facts_of.is_meta(tensor) else ""

    @property
    def changed(self) -> bool:
        """Return whether the last statement changed its elements, or those of something below it."""
        return self.path in self._model.marked

    @property
    def registered(self) -> bool:
        """Return whether the network's `parameters()`, `buffers()` and `modules()` include it; None in a file."""
        return self.node.registered

    @property
    def persistent(self) -> bool | None:
        """Return whether a buffer is in the state dict; None for what is no buffer of a live network."""
        if self.kind != "buffer":
            return None
        holder = self._model.tree.holder(self.node).item
        return self.node.attribute not in getattr(holder, "_non_persistent_buffers_set", ())

    @property
    def word(self) -> str:
        """Return what it is to its network, where `kind` does not say all: `not registered`, `computed`; else empty."""
        word = node_role(self._model.tree, self.node).word
        return "" if word in USUAL else word

    @property
    def meaning(self) -> str:
        """Return in a sentence what that means for `state_dict`, `.to()` and optimizers; empty where unknown."""
        return node_role(self._model.tree, self.node).meaning

    @property
    def alias_of(self) -> Sequence[str]:
        """Return the paths of other tensor objects on the same memory, in tree order."""
        return self._model.storage_twins.of(self.node)

    @property
    def overlaps(self) -> Sequence[str]:
        """Return those of `alias_of` that hold some of the same elements, not only others of one flat memory."""
        return self._model.storage_twins.apart(self.node)[0]

    def shared_memory(self, limit: int) -> SharedMemory:
        """Return the first `limit` of `alias_of` that hold the same elements, or those that lie beside them.

        All tensors are looked at only where something else holds its memory.
        """
        if not self.is_tensor or not may_share_memory(self._tensor):
            return NO_MEMORY
        return self._model.storage_twins.shared(self.node, limit)

    @property
    def place(self) -> str:
        """Return what this rank holds of a tensor that lies on several."""
        return local_note(self.node.item) if isinstance(self.node.item, Tensor) else ""

    @property
    def lacked(self) -> str:
        """Return why no state dict holds a tensor; empty where one does."""
        node = self.node
        if node.plain:
            what = "a parameter that is not registered" if node.kind == "parameter" else "a plain attribute"
            return f"{what}, which no state dict holds"
        if not node.registered:
            return "in a module that is not registered, which no state dict holds"
        holder = self._model.tree.holder(node).item
        if node.kind == "buffer" and node.attribute in getattr(holder, "_non_persistent_buffers_set", ()):
            return "a buffer that is not persistent, which no state dict holds"
        return ""

    def readable(self) -> Readable:
        """Return the tensor, to be read; the node must be one."""
        return readable_of(self._tensor)

    @property
    def stamp(self) -> Hashable:
        """Return a value that differs once an operation changed the tensor's elements."""
        return facts_of.stamp_of(self._tensor)

    def brief(self) -> Brief | None:
        """Return the statistics of a tensor in short; None where they were not computed."""
        known = self._model.statistics_cache
        return known.brief(self.path, self.stamp) if len(known) else None

    def initial(self, found: StatisticsOf, limit: int | None = None) -> dict[str, object] | None:
        """Return a comparison of statistics with the initialiser of a parameter; None where that is unknown.

        Its keys are `rule`, `consistent` (whether the values are what the rule draws) and `p`, the test's p-value.  Of
        a parameter with several names, which layers of several kinds may hold, one of the rules is enough.
        """
        from .describe.defaults import initialiser_of
        from .describe.draws import SAMPLE_LIMIT, judge

        tree = self._model.tree
        nodes = [self.node, *filter(None, map(tree.at, self.node.other_names()))]
        rules = dict.fromkeys(initialiser_of(tree, node) for node in sorted(nodes, key=_by_index))
        verdicts = [(rule, judge(rule, self._tensor, found, limit or SAMPLE_LIMIT)) for rule in rules if rule]
        if not verdicts:
            return None
        rule, draw = max(verdicts, key=lambda verdict: (bool(verdict[1].consistent), verdict[1].p or 0.0))
        unknown = "" in rules or any(draw.consistent is None for _, draw in verdicts)
        consistent = None if unknown and not draw.consistent else draw.consistent
        return {"rule": rule, "consistent": consistent, "p": None if consistent is None else draw.p}

    @property
    def _tensor(self) -> torch.Tensor:
        assert isinstance(self.node.item, Tensor)
        return self.node.item


def _by_index(node: Node) -> int:
    return node.index
