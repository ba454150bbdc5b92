"""An open checkpoint: the answers to the requests of the panes.  Only the requested elements are read.

What a pane needs is imported when it asks: the tree is shown first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .. import messages as m
from ..opened.facts import amount
from ..opened.node_facts import FactsOfMany, GroupFacts, NodeFacts
from ..opened.number_answers import Answer, tree_path
from ..opened.open_model import OpenModel, no_tensor
from ..opened.source import Source
from ..stored.checkpoint import Checkpoint
from ..stored.tensors import Tensors
from ..tensors.readable import Absent, Readable
from ..tree.preorder_tree import SiblingGroup
from .classes import Classes
from .console import LazyTorch, StoredStateDict
from .sharing import Sharing
from .stored_facts import StoredFacts
from .tied import with_tied
from .totals import CheckpointTotals
from .tree import CheckpointTree
from .whole_weights import are_in_parts, may_be_in_parts, with_whole_weights

if TYPE_CHECKING:
    from ..messages import NodeKind
    from ..stored.stored import Stored
    from ..work.context import WorkContext

DTYPE_LIMIT = 4
"""Dtypes that the header names."""
NO_CODE = "A checkpoint holds no code. Open the network's own file, FILE.py:NAME, to see its source."
"""The reason why there is no source code."""
NO_GRADIENT = "a checkpoint holds no gradients"
"""The reason why there are no gradients."""


class CheckpointModel(OpenModel):
    """One open checkpoint; its tensors do not change."""

    tree: CheckpointTree
    never_changes = True

    def __init__(self, source: Source, unfolded: Mapping[str, bool]) -> None:
        """Build the tree of a source that is a checkpoint; `unfolded` are folds by path that the user chose before."""
        assert source.checkpoint is not None
        self.checkpoint, tree = _in_one_piece(source.checkpoint, source.metadata)
        super().__init__(source, tree, unfolded)
        self.sharing = Sharing(self.tree)
        self.totals = CheckpointTotals(self.tree, self.sharing)
        self.classes = Classes(self.checkpoint, self.tree)

    def facts(self, node: int) -> StoredFacts:
        """Return the facts of a node."""
        return StoredFacts(self, node)

    def facts_of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the facts of repeated siblings together, without their dtypes."""
        return self.totals.of_group(group)

    def summary(self) -> m.Summary:
        """Return what the header shows."""
        source, checkpoint = self.source, self.checkpoint
        return m.Summary(
            source=source.source,
            name=source.name,
            kind="checkpoint",
            class_name=checkpoint.classes.get("") or checkpoint.kind,
            parameters=self.totals.parameters(0),
            trainable=0,
            bytes=self.totals.bytes(0),
            dtype=_dtypes(self.tree.stored),
            device="",
            mode="",
            rows=len(self.tree),
            modules=self.totals.modules,
            input="",
            note=source.note,
            tries=list(source.tries),
            warnings=[*source.warnings, *checkpoint.warnings],
            file=None,
            unloaded=bool(source.how_to_run),
        )

    def totals_of_parameters(self) -> tuple[int | None, int | None, int]:
        """Return the elements of all parameters, None for the trainable ones, which no file records, and the bytes."""
        return self.totals.parameters(0), None, self.totals.parameter_bytes

    def closing_lines(self) -> list[str]:
        """Return the lines below a list of all nodes: kind, parameters, bytes, and the source's note."""
        parameters, own, memory = self.totals.parameters(0), self.totals.parameter_bytes, self.totals.memory(0)
        tied = self.checkpoint.columns.tied
        tensors = amount(len(self.checkpoint.tensors) - tied, "tensor")
        size = f"{self.checkpoint.kind}: {amount(parameters, 'parameter')}, {amount(own, 'byte')}; "
        more = f", and {amount(tied, 'name')} tied to one of them" if tied else ""
        lines = [f"{size}{tensors}, {amount(memory, 'byte')}{more}"]
        state = self.totals.state(0)
        if state.tensors:
            said = f"{amount(state.tensors, 'tensor')}, {amount(state.elements, 'element')}"
            lines.append(f"not the network: {said}, {amount(state.bytes, 'byte')} of optimizer state or the like")
        return [*lines, self.source.note] if self.source.note else lines

    def named_tensors(self) -> Sequence[NodeFacts]:
        """Return all tensors in the file's order where that has a meaning, else by name; optimizer state comes last."""
        return FactsOfMany(self.facts, self._named_nodes())

    def stored_tensors(self) -> Iterator[tuple[Stored, NodeKind, Sequence[str]]]:
        """Yield each of `named_tensors` with its kind and other names, at a fraction of the cost of their facts."""
        tree, sharing = self.tree, self.sharing
        tensors, indices = list(tree.stored), tree.indices
        shared = tree.stored.shared
        for node in self._named_nodes():
            tensor = tensors[indices[node]]
            yield tensor, tree.kind_of(node, tensor), sharing.same(node) if shared else ()

    def _named_nodes(self) -> list[int]:
        from ..tree.natural import natural_keys

        tree = self.tree
        nodes = tree.tensors(0, len(tree))
        if self.checkpoint.ordered:
            nodes.sort(key=tree.indices.__getitem__)
        else:
            paths = tree.paths()
            keys = dict(zip(nodes, natural_keys([paths[node] for node in nodes]), strict=True))
            nodes.sort(key=keys.__getitem__)
        if state := set(tree.state(0, len(tree))):
            nodes.sort(key=state.__contains__)
        return nodes

    def namespace(self) -> dict[str, Any]:
        """Return the names of the console: `state` reads a tensor on access, `torch` is imported on access."""
        return {
            "__name__": "__main__",
            "state": StoredStateDict(self.tree.stored),
            "metadata": self.metadata,
            "torch": LazyTorch(),
        }

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the source and of the files, as JSON values."""
        return {**self.source.metadata, **self.checkpoint.metadata}

    # -- numbers -----------------------------------------------------------------------------------------------------
    def read(self, path: m.Place, of: m.Of, look: Callable[[Readable], Answer], at_leisure: bool = False) -> Answer:
        """Return `look` of the tensor at `path`, or of an absent gradient; raises `EngineProblem` for no tensor."""
        path = tree_path(path)
        node, group = self.place(path)
        tensor = self.tree.tensor(node)
        if tensor is None or group is not None:
            raise no_tensor(path)
        return look(tensor if of == "value" else Absent("none", NO_GRADIENT))

    def stamp(self, path: m.Place) -> Hashable:
        """Return None, always: the elements do not change."""
        return None

    def is_kept(self, found: m.StatisticsOf) -> bool:
        """Return True: the elements do not change."""
        return True

    def gradients(self, request: m.GradientRows, context: WorkContext) -> m.GradientPage:
        """Return an empty page: a checkpoint holds no gradients."""
        return m.GradientPage(path=request.path, total=0, start=0, rows=[])

    # -- everything else ---------------------------------------------------------------------------------------------
    def describe(self, path: str) -> list[m.FactGroup]:
        """Return the facts of the Info pane at a path; raises `EngineProblem` where there is nothing."""
        from .describe import describe_stored

        return describe_stored(self, path)

    def source_code(self, path: str) -> m.SourceText:
        """Return the class at a path without any code, and the reason."""
        node, _ = self.place(path)
        return m.SourceText(path=path, class_name=self.classes.text(node)[0], reason=NO_CODE)

    def forms_of(self, node: int) -> list[m.PathForm]:
        """Return the forms in which a node can be copied, the plain key first."""
        from .forms import forms

        return forms(self.tree.path(node), self.tree.tensor(node))

    def close(self) -> None:
        """Close the files."""
        for file in self.checkpoint.files:
            file.close()


def _in_one_piece(checkpoint: Checkpoint, metadata: Mapping[str, Any]) -> tuple[Checkpoint, CheckpointTree]:
    """Return a checkpoint with each weight as one tensor, and its tree.

    Most files store no weight in parts, and have many names: whether one does is seen by the few different ones of a
    tree.
    """
    said = {**metadata, **checkpoint.metadata}
    checkpoint = with_tied(checkpoint, said)
    seen = may_be_in_parts(checkpoint.columns)
    whole = with_whole_weights(checkpoint, said) if seen else checkpoint
    tree = CheckpointTree(whole)
    if not seen and are_in_parts(set(tree.names)):
        whole = with_whole_weights(checkpoint, said)
        if whole is not checkpoint:
            tree = CheckpointTree(whole)
    return whole, tree


def _dtypes(tensors: Tensors) -> str:
    """Return the dtypes of the network's own tensors, most bytes first: `bfloat16+float32`."""
    kinds = (tensor.kind for tensor in tensors) if tensors.has_roles else repeat(None)
    weights: dict[str, int] = {}
    for dtype, size, kind in zip(tensors.dtypes, tensors.sizes, kinds, strict=False):
        if kind != "state":
            weights[dtype.name] = weights.get(dtype.name, 0) + size
    return "+".join(sorted(weights, key=lambda name: -weights[name])[:DTYPE_LIMIT])
