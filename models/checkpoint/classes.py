"""The classes of a checkpoint's modules: recorded in its file, or else inferred from the tensors."""

from __future__ import annotations

from ..stored.checkpoint import Checkpoint
from ..stored.composed import Composed
from ..stored.dtypes import DType
from ..stored.stored import Stored
from .inference import Beside, Children, Inferred, OwnTensor, infer, is_open, settled
from .kinds import SCALES_OF_ACTIVATIONS
from .tree import CheckpointTree

SIBLING_LIMIT = 64
"""Siblings up to which they are asked what a module beside them is."""
CHILD_LIMIT = 4096
"""Children up to which a module's class is inferred: a network's modules do not have more."""


def _numbers(dtype: DType) -> str:
    """Return the dtype that elements have: of a quantised weight the one that it is read as."""
    return dtype.name if dtype.plain is dtype else dtype.plain.name


def _is_in_groups(tensor: Stored) -> bool:
    """Return whether its shape says nothing of the layer."""
    return isinstance(tensor, Composed) and tensor.in_groups


class Classes:
    """The classes of one checkpoint, each inferred when it is first asked for.  Methods take a node's index."""

    def __init__(self, checkpoint: Checkpoint, tree: CheckpointTree) -> None:
        self._recorded = checkpoint.classes
        self._tree = tree
        self._kept: dict[int, Inferred | None] = {}
        self._alone: dict[int, Inferred | None] = {}

    def text(self, node: int) -> tuple[str, bool]:
        """Return what stands beside a module, `Linear 4 → 8` or an empty text, and whether it is inferred."""
        recorded = self._recorded.get(self._tree.path(node)) if self._recorded else None
        inferred = self._inferred(node)
        if recorded is not None:
            same = inferred is not None and inferred.class_name == recorded
            return (inferred.text if same and inferred is not None else recorded), False
        return (inferred.text, True) if inferred is not None else ("", False)

    def name(self, node: int) -> tuple[str | None, bool]:
        """Return the name of the class, None where it is unknown, and whether it is inferred."""
        recorded = self._recorded.get(self._tree.path(node)) if self._recorded else None
        if recorded is not None:
            return recorded, False
        inferred = self._inferred(node)
        return (inferred.class_name, True) if inferred is not None else (None, False)

    def _inferred(self, node: int) -> Inferred | None:
        if node not in self._kept:
            found = self._by_itself(node)
            self._kept[node] = found if found is None or not is_open(found) else self._settled(node, found)
        return self._kept[node]

    def _by_itself(self, node: int) -> Inferred | None:
        """Return the class that a module's own tensors and children say."""
        if node not in self._alone:
            self._alone[node] = self._infer(node)
        return self._alone[node]

    def _settled(self, node: int, found: Inferred) -> Inferred:
        """Return the class of a module by what stands beside it too."""
        tree = self._tree
        parent = tree.parents[node]
        if tree.counts[parent] > SIBLING_LIMIT:
            return found
        siblings = [each for each in tree.children(parent) if each == node or tree.counts[each]]
        known = {each: held for each in siblings if each != node and (held := self._by_itself(each)) is not None}
        before = after = None
        if tree.names[node].isdecimal():
            at = siblings.index(node)
            before = next((known[each] for each in reversed(siblings[:at]) if each in known), None)
            after = next((known[each] for each in siblings[at + 1 :] if each in known), None)
        has_bias = any(tree.names[child] == "bias" for child in tree.children(node))
        beside = Beside({held.class_name for held in known.values()}, before, after)
        return settled(found, tree.names[node].lower(), has_bias, beside)

    def _is_state(self, node: int) -> bool:
        """Return whether the first tensor below a node is an optimizer's, or an item."""
        tree = self._tree
        while tree.counts[node]:
            node += 1
        tensor = tree.tensor(node)
        return tensor is None or tensor.kind == "state"

    def _of_child(self, node: int) -> Inferred | str | None:
        recorded = self._recorded.get(self._tree.path(node)) if self._recorded else None
        return recorded or self._inferred(node)

    def _infer(self, node: int) -> Inferred | None:
        tree = self._tree
        if not node or tree.counts[node] > CHILD_LIMIT or self._is_state(node):
            return None
        own: dict[str, OwnTensor] = {}
        nodes: dict[str, int] = {}
        for child in tree.children(node):
            tensor = tree.tensor(child)
            if tensor is not None:
                if not SCALES_OF_ACTIVATIONS.fullmatch(tree.names[child]) and not _is_in_groups(tensor):
                    own[tree.names[child]] = OwnTensor(tensor.shape, _numbers(tensor.dtype))
            elif tree.leaf(child) is None:
                nodes[tree.names[child]] = child
        return infer(tree.names[node], own, Children(nodes, self._of_child))
