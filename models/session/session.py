"""The open model and all that belongs to it: tree, folds, console, runs, changes.

The engine's handlers and the headless commands both work on a `Session`; neither keeps state of its own.  What runs
the user's code (`open`, statements, passes, …) is called from one thread, the main one; everything else may be called
from another thread meanwhile and sees the tree as it was when the last statement ended.

Opening a source is `opening.py`.  Must not draw, and must not know the wall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..messages import FactGroup, StateChanged, TreeOrder
from .opening import SourceOpener
from .runs import Runs
from .snapshots import Snapshot, SnapshotStore
from .stepper import Stepper
from .undoing import undo_names

if TYPE_CHECKING:
    import torch

    from ..live.live_tree import LiveTree
    from ..live.training_notes import TrainingNotes
    from ..opened.open_model import OpenModel
    from ..run.console.interpreter import Interpreter
    from ..undo.changes import Watch
    from .comparing import Comparison


class Session(SourceOpener):
    """The open model with its console, runs and changes.  Nothing is open at first; `open` replaces what was open.

    Args:
        emit: called with event bodies (`StateChanged`, `CallsGrew`); None drops them.
    """

    def __init__(self, emit: Callable[[object], None] | None = None) -> None:
        super().__init__()
        self.emit: Callable[[object], None] = emit or (lambda event: None)
        self.keeps_tensors = emit is not None
        """Whether the newest run keeps copies of the tensors of its calls: where there is somebody to look at them."""
        self._interpreter: Interpreter | None = None
        self._watch: Watch | None = None
        self.undone: list[str] = []
        """Paths whose values `undo()` or `redo()` changed in the statement that runs."""
        self.stepper = Stepper()
        """The optimizer with which steps by key go on."""
        self.undid = False
        """Whether that statement called one of them."""
        self._mark = 0
        """What the journal calls the change that runs."""
        self.runs = Runs()
        """The runs whose calls are kept."""
        self.snapshots = SnapshotStore()
        """The snapshots that were taken of what is open."""
        self.known_values: dict[int, tuple[object, Any]] = {}
        """Statistics of tensors for findings, by identity, each with a stamp of when they were taken."""
        self.known_siblings: object = None
        """Which parameters are alike, of `initial_states.py`."""
        self.tree_order: TreeOrder = "file"
        """What siblings of the tree are sorted by."""
        self.sorted_tree: object = None
        """The sorted rows that were asked for last, of `tree_order.py`."""
        self.training: TrainingNotes | None = None
        """What was seen of training since it was opened; None before the first statement."""
        self.fitting: object = None
        """The checkpoint that was opened beside the network, of `fitting.py`."""
        self.comparison: Comparison | None = None
        """What is open compared with something else, which is shown in its place; None where nothing is compared."""
        self.opened_values: dict[str, torch.Tensor | None] | None = None
        """Copies of the tensors as they were before anything ran, by path, None where none is kept; None while nothing
        did."""
        self.result: object = None
        """What `backward` starts from: the output of the last forward run, or a statement's value with a `grad_fn`."""

    @property
    def shown(self) -> OpenModel:
        """Return what the tree shows: the comparison, or the open model; raise EngineProblem when nothing is open."""
        return self.model if self.comparison is None else self.comparison.model

    @property
    def interpreter(self) -> Interpreter:
        """Return the interpreter of the console's names, made on first use."""
        from ..run.console.interpreter import Interpreter

        if self._interpreter is None:
            before = self.namespace.keys() | set()
            self._interpreter = Interpreter(self.namespace)
            self._given |= {name: value for name, value in self.namespace.items() if name not in before}
        return self._interpreter

    def training_notes(self) -> TrainingNotes:
        """Return what was seen of training since the network was opened, made where nothing was."""
        from ..live.training_notes import TrainingNotes

        if self.training is None:
            self.training = self.live.source.training or TrainingNotes()
        assert self.training is not None
        return self.training

    def _added_names(self) -> dict[str, Any]:
        return dict(undo_names(self))

    def _outliving(self) -> tuple[dict[str, object], list[str], list[Snapshot]]:
        kept, gone, _ = super()._outliving()
        if not self.snapshots.all:
            return kept, gone, []
        from .carried import carried

        return kept, gone, carried(self.snapshots.all)

    def _take_over(self, others: list[Snapshot] | None) -> None:
        if not self.is_checkpoint:
            self.snapshots.take_over(others or [])

    def _clear(self) -> None:
        compared, self.comparison = self.comparison, None
        self.opened_values = None
        if compared is not None:
            compared.close()
        super()._clear()
        self._interpreter, self._watch = None, None
        self.runs.clear()
        self.snapshots.clear()
        self.stepper = Stepper()
        self.training = None
        self.fitting = None
        self.result = None
        self.known_values, self.known_siblings = {}, None

    @contextmanager
    def code_runs(self) -> Iterator[None]:
        """Mark that the user's code may run in this thread: other threads see the gradients of now (`GradientAccess`).

        `report_changes` ends it early, before its event is emitted.
        """
        if self._model is None or self.is_checkpoint:
            yield
            return
        from ..live.gradient_access import GRADIENTS

        with GRADIENTS.running(self.live.tree.distinct_tensors):
            yield

    # -- before and after something runs -----------------------------------------------------------------------------
    def present_tree(self) -> LiveTree:
        """Return the tree of the network as it is now: of what the network's own name, or `net`, is bound to.

        The known tree itself when nothing came, went or changed its form.
        """
        from ..live.live_tree import LiveTree

        root, known = self._current_root(), self.live.tree
        return known if root is known.root and known.is_current() else LiveTree.of(root, known.name)

    def _current_root(self) -> torch.nn.Module:
        import torch

        model = self.live
        root = model.tree.root
        for name in (model.source.name, "net"):
            bound = self.namespace.get(name)
            if isinstance(bound, torch.nn.Module) and bound is not root:
                self.bind(model.source.name, bound)
                return bound
        return root

    def watch(self) -> Watch:
        """Return the record of the values, made on first use, as it copies them."""
        from ..undo.changes import Watch

        if self._watch is None:
            self._watch = Watch(self.live.tree)
            self.opened_values = self._watch.copies()
        return self._watch

    def begin_change(
        self, label: str, about: Sequence[str] = (), *, names: bool = False, apart: Sequence[str] = ()
    ) -> None:
        """Record values and gradients before `label`, a statement or `forward`, runs and may change them.

        Args:
            label: as the text of `undo` names it.
            about: paths of tensors that can be restored however large the network is.
            names: whether what it does to the console's names is taken back as well.
            apart: names that are left as they are all the same.
        """
        from ..undo.optimizers import optimizers_in

        self.undone, self.undid, self._mark = [], False, self.journal.mark
        if self.is_checkpoint:
            return
        watch = self.watch()
        watch.begin(label, self.live.tensors_at_paths(about))
        watch.record_gradients()
        watch.record_optimizers(optimizers_in(self.namespace))
        watch.record_random(self.namespace)
        if names:
            self.interpreter  # noqa: B018  (which adds names of its own)
            also = {"inputs of the next forward": vars(self.inputs), "the optimizer of steps": vars(self.stepper)}
            watch.record_names(self.namespace, also, apart)

    def end_change(self) -> list[str]:
        """Return the paths whose values changed since `begin_change`, and report the network as it is now.

        The tree follows the names `net` and the network's own: bound to another module, that one is shown.
        """
        if self.is_checkpoint:
            return []
        watch, tree = self.watch(), self.present_tree()
        changed = watch.end(tree, self._mark)
        self.journal.ended(self._mark, not watch.last.is_empty)
        changed += [path for path in self.undone if path not in set(changed)]
        self.report_changes(changed, gradients=watch.gradients_changed or bool(self.undone), tree=tree)
        return changed

    def effects(self) -> tuple[str, str]:
        """Return in words what the last change did beside values and gradients, and why not all can be undone."""
        if self.is_checkpoint or self._watch is None:
            return "", ""
        last = self._watch.last
        return last.effects(), last.lasting()

    def report_changes(self, changed: list[str], *, gradients: bool, tree: LiveTree | None = None) -> None:
        """Replace the open model by its present state and emit `StateChanged`.

        Args:
            changed: paths whose values changed.
            gradients: whether gradients changed.
            tree: the network's present tree; None has it built here.
        """
        from ..live.gradient_access import GRADIENTS
        from ..live.live_model import LiveModel
        from .weight_gradients import measure_gradients

        GRADIENTS.end_run()  # before the event makes others read gradients anew
        model = self.live
        tree = tree or self.present_tree()
        structure = False
        fresh = model
        if tree is not model.tree:
            fresh = LiveModel(model.source, tree, model.fold_state.overrides())
            structure = not tree.same_structure(model.tree)
            self.held_tensors.take(tree)
        fresh.statistics_cache.forget(changed)
        self.runs.note_changes(changed)
        fresh = fresh.with_changes(changed)
        with self.lock:
            self._model = fresh
        if gradients or structure or (changed and self.runs.weights):
            measure_gradients(self, tree)
        self.emit(
            StateChanged(
                summary=self.summary(),
                structure=structure,
                values=structure or bool(changed or model.changed),
                gradients=structure or gradients,
                changed=changed[:1000],
            )
        )

    def describe(self, path: str) -> list[FactGroup]:
        """Return what is known of the object at a path, and what the last run did with it."""
        groups = self.shown.describe(path)
        if self.comparison is not None:
            return groups
        if not self.is_checkpoint:
            from .initial_states import facts_of_values

            groups[1:1] = facts_of_values(self, path)
        trace = self.runs.newest
        if trace is None or not len(trace):
            return groups
        from ..run.last_run import facts_of_run

        node = self.live.tree.at(path)
        if node is None:
            return groups
        is_module = node.kind in ("module", "hidden")
        facts = facts_of_run(trace, path, is_module, self.runs.last, self.runs.weights)
        return [*groups[:1], *facts, *groups[1:]]
