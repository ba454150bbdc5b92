"""A live network that is open: its tree, and the answers to the requests of the panes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

import msgspec
from torch import Tensor, nn

from .. import messages as m
from ..messages.page import clamp
from ..opened.facts import amount
from ..opened.node_facts import GroupFacts, NodeFacts
from ..opened.number_answers import Answer, tree_path
from ..opened.open_model import OpenModel, no_tensor
from ..tensors.distributed import is_distributed, local_note
from ..tensors.plainly import plainly
from ..tensors.readable import Absent, Readable
from ..tensors.tensors import stamp_of
from ..tensors.torch_readable import readable_of
from ..tree.preorder_tree import SiblingGroup
from .consistent_read import consistent_copy, read_consistently
from .describe.made_at import MadeAt, made_in_class
from .describe.node import describe_node, group_facts
from .describe.source_code import class_of, source_files_of, source_of
from .gradient_access import GRADIENTS, RUNNING, UNREAD, Unread
from .gradient_state import any_gradient, gradient_states
from .gradients import row_of_gradient, why_no_gradient
from .live_facts import LiveFacts
from .live_tree import LiveTree, Node
from .paths import node_path_forms
from .sharing import StorageTwins
from .summary import summarise, training_mode_of
from .totals import Totals

if TYPE_CHECKING:
    from ..opened.source import Source
    from ..work.context import WorkContext

WRITTEN = "written to since: maybe of a later one"
"""Note on a gradient that the running code changed in place."""


class LiveModel(OpenModel):
    """One open network, as it was when the last statement ended."""

    tree: LiveTree
    never_changes = False
    """Whether elements stay as they are: those of a network may change at any time."""

    @plainly
    def __init__(self, source: Source, tree: LiveTree, unfolded: Mapping[str, bool]) -> None:
        """Open the network of a tree; `unfolded` are folds that the user chose before, by path."""
        self.totals = Totals(tree)
        super().__init__(source, tree, unfolded)
        self.marked: set[str] = set()
        """Paths whose values the last statement changed, and the modules above them: the rows that are marked."""
        self._storage_twins: StorageTwins | None = None
        self._after_backward: bool | None = None
        self._summary = summarise(source, tree, self.totals)
        """The facts of the header; `mode` is determined anew each time."""

    def with_changes(self, changed: Sequence[str]) -> LiveModel:
        """Return the same model after a statement that changed the values at these paths."""
        found = copy(self)
        found.changed = list(changed)
        found.marked = _with_ancestors(self.tree, changed)
        found._tables = None
        found._storage_twins = None
        found._after_backward = None
        return found

    @property
    def storage_twins(self) -> StorageTwins:
        """Return which tensors lie in the same memory, found on first use."""
        if self._storage_twins is None:
            self._storage_twins = StorageTwins(self.tree)
        return self._storage_twins

    def node(self, path: str) -> Node:
        """Return the node at `path`; for a group of siblings, the first of them."""
        return self.tree.nodes[self.place(path)[0]]

    def tensors_at_paths(self, paths: Iterable[str]) -> list[Tensor]:
        """Return the tensors at the paths; what is no tensor, or gone, is left out."""
        nodes = map(self.tree.at, paths)
        return [node.item for node in nodes if node is not None and isinstance(node.item, Tensor)]

    def facts(self, node: int) -> LiveFacts:
        """Return the facts of a node, by its index."""
        return LiveFacts(self, node)

    def page_of(self, nodes: Sequence[int]) -> tuple[list[NodeFacts], str]:
        """Return the facts of nodes that are shown together, and a note on when they were read, or an empty text.

        The states of the gradients of all of them are read at one moment.
        """
        states, note = gradient_states([self.tree.nodes[node] for node in nodes])
        if "none" in states and self._is_after_backward(states, note):
            states = ["unreached" if state == "none" else state for state in states]
        return [LiveFacts(self, node, state) for node, state in zip(nodes, states, strict=True)], note

    def _is_after_backward(self, states: Sequence[str], note: str) -> bool:
        """Return whether a gradient is there; `states` of some tensors are known, and a `note` if code runs."""
        if "value" in states or "zero" in states:
            return True
        if note:
            return any_gradient(self.tree)
        if self._after_backward is None:
            self._after_backward = any_gradient(self.tree)
        return self._after_backward

    def facts_of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the facts of repeated siblings together, without their dtypes."""
        totals, tree = self.totals, self.tree
        changed = bool(self.marked) and any(tree.nodes[member].path in self.marked for member in tree.members(group))
        return totals.of_group(group)._replace(changed=changed)

    def summary(self) -> m.Summary:
        """Return what the header shows, as it is now."""
        return msgspec.structs.replace(self._summary, mode=training_mode_of(self.tree))

    def totals_of_parameters(self) -> tuple[int | None, int | None, int]:
        """Return the elements of all parameters, of the trainable ones, and the bytes of all, each shared one once.

        None where a number is unknown.
        """
        totals = self.totals
        if totals.unknown(0):
            return None, None, totals.bytes(0)
        return totals.parameters(0), totals.trainable(0), totals.bytes(0)

    def closing_lines(self) -> list[str]:
        """Return the lines below a list of all nodes: the sizes of the model."""
        totals = self.totals
        unknown = f" and {amount(totals.unknown(0), 'lazy tensor')}" if totals.unknown(0) else ""
        parameters, trainable, size = totals.parameters(0), totals.trainable(0), totals.bytes(0)
        return [f"{amount(parameters, 'parameter')}{unknown}, {trainable:,} trainable, {amount(size, 'byte')}"]

    def named_tensors(self) -> Sequence[NodeFacts]:
        """Return all tensors in the source's order, or by name where that order has no meaning."""
        return self.tensors_at("")

    @plainly
    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        """Return `count` visible rows of the tree from `start` on, and a note on their facts (see `TreePage`)."""
        return super().page(start, count)

    @plainly
    def hit(self, node: int, positions: list[int]) -> m.SearchHit:
        """Return a node as a hit of a search; `positions` are the characters of its path that matched."""
        return super().hit(node, positions)

    @plainly
    def tensors(self, request: m.TensorRows, context: WorkContext) -> m.TensorPage:
        """Return a page of the table of tensors; raises `Cancelled`."""
        return super().tensors(request, context)

    @plainly
    def forms(self, path: str) -> list[m.PathForm]:
        """Return the forms in which what is at a path can be copied to the clipboard, the plain key first."""
        return super().forms(path)

    @plainly
    def statistics_of_all(self, request: m.StatisticsOfAll, context: WorkContext) -> m.Done:
        """Compute and keep the statistics of every tensor at or below a path, each object once.

        Raises:
            Cancelled: the request was cancelled.
            EngineProblem: there is nothing at the path, or a file cannot be read any more.
        """
        return super().statistics_of_all(request, context)

    # -- numbers -----------------------------------------------------------------------------------------------------
    @plainly
    def read(self, path: m.Place, of: m.Of, look: Callable[[Readable], Answer], at_leisure: bool = False) -> Answer:
        """Return `look(tensor)` for the tensor at `path`, or its gradient, with a note on which elements that are.

        While code runs, all elements are of one step of an optimizer where that is possible.

        `at_leisure` is for a look that may take long.

        Raises:
            EngineProblem: there is no tensor at `path`.
        """
        path = tree_path(path)
        item = self.node(path).item
        if not isinstance(item, Tensor):
            raise no_tensor(path)
        if of == "value":
            found, when = self._value(item, look, at_leisure)
        else:
            (gradient,), when = GRADIENTS.take([item])
            if gradient is UNREAD:
                return _passing(look(Absent("unread", RUNNING)))
            assert not isinstance(gradient, Unread)
            version = None if gradient is None else stamp_of(gradient)
            why = why_no_gradient(item, gradient is None and any_gradient(self.tree))
            found = look(readable_of(gradient, why))
            if when and gradient is not None and stamp_of(gradient) != version:
                when = f"{when}; {WRITTEN}"
            item = item if gradient is None else gradient
        note = "; ".join(filter(None, (local_note(item), when)))
        found = msgspec.structs.replace(found, note=note) if note else found
        return _passing(found) if when else found

    def _value(self, tensor: Tensor, look: Callable[[Readable], Answer], at_leisure: bool) -> tuple[Answer, str]:
        if not at_leisure:
            return read_consistently(lambda: look(readable_of(tensor)))
        whole, when = consistent_copy(tensor)
        return look(readable_of(whole)), when

    @plainly
    def stamp(self, path: m.Place) -> Hashable:
        """Return a stamp that differs once the elements at `path` changed."""
        item = self.node(tree_path(path)).item
        return stamp_of(item) if isinstance(item, Tensor) else None

    def is_kept(self, found: m.StatisticsOf) -> bool:
        """Return whether statistics are not of a step that is over."""
        return not (found.note and GRADIENTS.runs_elsewhere())

    @plainly
    def gradients(self, request: m.GradientRows, context: WorkContext) -> m.GradientPage:
        """Return a page of the norms of gradients."""
        start, count = clamp(request.start, request.count)
        nodes = [self.tree.nodes[node] for node in self.tensors_at(request.path).nodes]
        parameters = [node for node in nodes if node.kind == "parameter"]
        shown = parameters[start : start + count]
        tensors = [node.item for node in shown if isinstance(node.item, Tensor)]
        gradients, when = GRADIENTS.take(tensors)
        rows = []
        for node, tensor, gradient in zip(shown, tensors, gradients, strict=True):
            if context.cancelled():
                break
            rows.append(row_of_gradient(node.path, tensor, gradient, context.cancelled))
        if any(row.state == "none" for row in rows) and self._is_after_backward([row.state for row in rows], when):
            rows = [msgspec.structs.replace(row, state="unreached") if row.state == "none" else row for row in rows]
        parts = "norms of this rank's parts" if any(map(is_distributed, tensors)) else ""
        note = "; ".join(filter(None, (parts, when)))
        return m.GradientPage(
            path=request.path, total=len(parameters), start=start, rows=rows, note=note, passing=bool(when)
        )

    # -- everything else ---------------------------------------------------------------------------------------------
    @plainly
    def describe(self, path: str) -> list[m.FactGroup]:
        """Return the facts that the Info pane shows of what is at a path.

        Of a group also its first sibling.
        """
        node, group = self.place(path)
        return [*(group_facts(self.tree, group) if group else ()), *describe_node(self.tree, self.tree.nodes[node])]

    def _module_of(self, node: Node) -> tuple[Node, nn.Module]:
        """Return the module at `node`, or the one that holds the tensor, with its node."""
        if node.is_tensor:
            node = self.tree.holder(node)
        assert isinstance(node.item, nn.Module)
        return node, node.item

    def source_code(self, path: str) -> m.SourceText:
        """Return the source code of the class at a path, or the reason why there is none.

        Of a tensor, of the module that holds it.
        """
        node, module = self._module_of(self.node(path))
        found = source_of(module, path=node.path)
        made = self._made_at(node)
        return found if made is None else msgspec.structs.replace(found, made_file=made.file, made_line=made.line)

    def source_files(self, path: str) -> set[str]:
        """Return the names of the files, without folders, that the code of the module at `path` is in.

        Nothing where there is no module any more.
        """
        node = self.tree.at(path)
        return source_files_of(node.item) if node is not None and isinstance(node.item, nn.Module) else set()

    def _made_at(self, node: Node) -> MadeAt | None:
        """Return the user's own line that makes the module at a node, or the container that it is in."""
        names: list[str] = []
        while node.index:
            holder = self.tree.holder(node)
            names[:0] = [node.attribute, *map(str, node.keys)]
            if (made := made_in_class(class_of(holder.item), names)) is not None:  # type: ignore[arg-type]
                return made
            node = holder
        return None

    def forms_of(self, node: int) -> list[m.PathForm]:
        """Return the forms in which a node can be copied to the clipboard, the plain key first."""
        found = self.tree.nodes[node]
        node_of, module = self._module_of(found)
        source = source_of(module, path=found.path)
        where = f"{source.file}:{source.first_line}" if source.file else None
        made = self._made_at(node_of)
        return node_path_forms(self.tree, found, where, made=None if made is None else f"{made.file}:{made.line}")


def _with_ancestors(tree: LiveTree, changed: Iterable[str]) -> set[str]:
    """Return the paths, and those of all modules above them."""
    marked = set()
    for path in changed:
        node = tree.at(path)
        while node is not None and node.path not in marked:
            marked.add(node.path)
            node = tree.holder(node) if node.index else None
    return marked


def _passing(found: Answer) -> Answer:
    """Return statistics marked as soon out of date; other answers as they are."""
    return msgspec.structs.replace(found, passing=True) if isinstance(found, m.StatisticsOf) else found
