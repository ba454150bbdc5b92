"""The open model and all that belongs to it: tree, folds, console, runs, changes.

The engine's handlers and the headless commands both work on a `Session`; neither keeps state of its own.  What runs
the user's code (`open`, statements, passes, …) is called from one thread, the main one; everything else may be called
from another thread meanwhile and sees the tree as it was when the last statement ended.

Owns: which model is open and what the console's names are bound to.  Must not draw, and must not know the wall.
"""

from __future__ import annotations

import gc
import linecache
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, cast

from ..messages import FactGroup, RunMode, StateChanged, Summary, TreeOrder
from ..messages.errors import EngineProblem
from .journal import Journal
from .new_process import NewProcess
from .next_inputs import NextInputs
from .problems import nothing_open, problem_of_source, requires_code
from .runs import Runs
from .snapshots import Snapshots
from .undoing import console_names
from .watched_files import WatchedFiles

if TYPE_CHECKING:
    import torch

    from ..checkpoint.model import CheckpointModel
    from ..live.live_model import LiveModel
    from ..live.live_tree import LiveTree
    from ..opened.open_model import OpenModel
    from ..opened.source import Source
    from ..run.console.interpreter import Interpreter
    from ..undo.changes import Watch
    from .comparing import Comparison


class Session:
    """The open model with its console, runs and changes.  Nothing is open at first; `open` replaces what was open.

    Args:
        emit: called with event bodies (`StateChanged`, `CallsGrew`); None drops them.
    """

    def __init__(self, emit: Callable[[object], None] | None = None) -> None:
        self.emit: Callable[[object], None] = emit or (lambda event: None)
        self.keeps_tensors = emit is not None
        """Whether the newest run keeps copies of the tensors of its calls: where there is somebody to look at them."""
        self.is_beside = False
        """Whether it only reads a checkpoint beside what is open: the process's other objects are to be collected."""
        self.lock = threading.RLock()
        """Held while the folds or the whole model change: the rows of a page belong together."""
        self._model: OpenModel | None = None
        self._opened_ahead: tuple[str, CheckpointModel, int] | None = None
        """A SOURCE, the checkpoint that `open_ahead` opened for it, and when it began, in nanoseconds."""
        self.namespace: dict[str, Any] = {}
        """The console's names."""
        self._interpreter: Interpreter | None = None
        self._watch: Watch | None = None
        self.undone: list[str] = []
        """Paths whose values `undo()` or `redo()` changed in the statement that runs."""
        self.runs = Runs()
        """The runs whose calls are kept."""
        self.snapshots = Snapshots()
        """The snapshots that were taken of what is open."""
        self.known_values: dict[int, tuple[object, Any]] = {}
        """Statistics of tensors for findings, by identity, each with a stamp of when they were taken."""
        self.known_siblings: object = None
        """Which parameters are alike, of `initial_states.py`."""
        self.tree_order: TreeOrder = "file"
        """What siblings of the tree are sorted by."""
        self.sorted_tree: object = None
        """The sorted rows that were asked for last, of `tree_order.py`."""
        self.fitting: object = None
        """The checkpoint that was opened beside the network, of `fitting.py`."""
        self.comparison: Comparison | None = None
        """What is open compared with something else, which is shown in its place; None where nothing is compared."""
        self.opened_values: dict[str, torch.Tensor | None] | None = None
        """Copies of the tensors as they were before anything ran, by path, None where none is kept; None while nothing
        did."""
        self.result: object = None
        """What `backward` starts from: the output of the last forward run, or a statement's value with a `grad_fn`."""
        self.inputs = NextInputs()
        """Of the next forward."""
        self.journal = Journal()
        """What was done since the source was opened."""
        self._new_process = NewProcess()
        self._files = WatchedFiles()
        self._given: dict[str, Any] = {}
        """The console's names as they were when the source was opened."""
        self.names_kept: list[str] = []
        """Names of the console that survived the last opening anew."""
        self.names_gone: list[str] = []
        """Those that did not."""

    # -- what is open ------------------------------------------------------------------------------------------------
    @property
    def model(self) -> OpenModel:
        """Return the open model; raise EngineProblem when nothing is open."""
        if self._model is None:
            raise nothing_open()
        return self._model

    @property
    def shown(self) -> OpenModel:
        """Return what the tree shows: the comparison, or the open model; raise EngineProblem when nothing is open."""
        return self.model if self.comparison is None else self.comparison.model

    @property
    def live(self) -> LiveModel:
        """Return the open network; raise EngineProblem when nothing is open, or a checkpoint."""
        model = self.model
        if model.source.checkpoint is not None:
            raise requires_code(model.source)
        return cast("LiveModel", model)

    @property
    def is_open(self) -> bool:
        """Return whether a model is open."""
        return self._model is not None

    @property
    def is_checkpoint(self) -> bool:
        """Return whether a checkpoint is open, of which nothing runs or changes."""
        return self._model is not None and self._model.source.checkpoint is not None

    @property
    def root(self) -> torch.nn.Module:
        """Return the open network's module; raise EngineProblem when nothing is open, or a checkpoint."""
        return self.live.tree.root

    @property
    def interpreter(self) -> Interpreter:
        """Return the interpreter of the console's names, made on first use."""
        from ..run.console.interpreter import Interpreter

        if self._interpreter is None:
            before = self.namespace.keys() | set()
            self._interpreter = Interpreter(self.namespace)
            self._given |= {name: value for name, value in self.namespace.items() if name not in before}
        return self._interpreter

    def open(
        self,
        source: str,
        *,
        inputs: list[str] | None = None,
        inputs_from: str | None = None,
        seed: int | None = None,
        device: str | None = None,
        trust: bool = False,
        unfold_to: int = 0,
        unfolded: dict[str, bool] | None = None,
        anew: bool = False,
        language: str = "en",
        mode: RunMode | None = None,
        on_progress: Callable[[str], None] = lambda text: None,
    ) -> Summary:
        """Open SOURCE in place of what is open; return its summary.  What was open stays open when this fails.

        Args:
            source: SOURCE, as on the command line; so are `inputs`, `inputs_from`, `seed`, `device` and `trust`.
            unfold_to: rows up to which the tree is unfolded, breadth first; 0 leaves it folded.
            unfolded: by path, which modules were unfolded (True) or folded by the user before.
            anew: as in a new process, though torch stays imported (see `new_process`); what of the console's names can
                be kept is kept (`names_kept`, `names_gone`).
            language: of the note on a documented network, `en` or `zh`.
            mode: what is switched for the time of a forward; None for nothing.
            on_progress: called with a text at each stage.

        Raises:
            EngineProblem: SOURCE or an input cannot be opened; the problem says why and what to do.
        """
        from ..checkpoint.model import CheckpointModel
        from ..opened.source import OpenOptions, SourceError
        from ..sources.opening import open_source

        on_progress(f"opening {source}")
        linecache.checkcache()  # a file that was edited is shown as it is now
        kept: dict[str, object] = {}
        gone: list[str] = []
        for_run = inputs or inputs_from or (mode is not None and mode.words)
        before, since = self._files.stamps() if anew else {}, time.time_ns()
        if anew:
            from .console_names import surviving

            kept, gone = surviving(self.namespace, self._given)
        try:
            with self._new_process.again() if anew else nullcontext():
                ahead, self._opened_ahead = self._opened_ahead, None
                if ahead is not None and ahead[0] == source and not unfolded and device is None:
                    since = ahead[2]
                    self._use_checkpoint(ahead[1], for_run)
                else:
                    opened = open_source(
                        source, seed=seed, device=device, how=OpenOptions(trust, on_progress, language)
                    )
                    if opened.checkpoint is not None:
                        model = CheckpointModel(opened, unfolded or {})
                        self._use_checkpoint(model, for_run)
                    else:
                        self._use_network(opened, inputs or [], inputs_from, device, unfolded or {})
        except SourceError as error:
            raise EngineProblem(problem_of_source(error)) from None
        self.inputs.mode = mode or self.inputs.mode
        self.journal = Journal(source, seed, device, os.getcwd())  # noqa: PTH109
        self._given = dict(self.namespace)
        self.names_kept = [name for name in kept if name not in ("args", "kwargs", "inputs")]  # X is their first
        self.names_gone = [name for name in gone if name not in self._given]
        self.namespace |= kept
        # Those of a checkpoint may be thousands, on a slow disk: they are looked at when it is asked for them.
        self._files = WatchedFiles(
            [] if self.is_checkpoint else self._source_files(), before, since, late=self.is_checkpoint
        )
        if unfold_to:
            self.model.fold_state.fold("", "fit", unfold_to)
        return self.summary()

    def changed_files(self) -> tuple[list[str], int, bool]:
        """Return which files of the open source have changed since it was opened, and of what that is a look.

        The second part counts the looks at which they were others than before; the third says whether they are as they
        were at the last one.
        """
        files = self._files.look(self._source_files()) if self.is_open else []
        return files, self._files.version, self._files.settled

    def _source_files(self) -> list[str]:
        """Return the files that the open source was made from; none of an object of a running program."""
        source = self.model.source
        if source.live:
            return []
        if source.checkpoint is not None:
            own = [source.source] if os.path.isfile(source.source) else []  # noqa: PTH113
            return [*own, *(str(file.path) for file in source.checkpoint.files)]
        from ..sources.importing import imported_files

        return [*([source.file] if source.file else []), *imported_files()]

    def open_ahead(self, source: str) -> None:
        """Open SOURCE for the next `open`, if it is a checkpoint; an error is left for `open` to report."""
        from ..checkpoint.model import CheckpointModel
        from ..opened.source import SourceError
        from ..sources.opening import open_source
        from ..work.gc_paused import gc_paused

        since = time.time_ns()
        with suppress(SourceError), gc_paused():
            opened = open_source(source)
            if opened.checkpoint is not None:
                self._opened_ahead = source, CheckpointModel(opened, {}), since

    def _use_checkpoint(self, model: CheckpointModel, for_run: object) -> None:
        if for_run:
            raise requires_code(model.source)
        self._clear()
        if not self.is_beside:
            gc.freeze()  # the objects of a large checkpoint stay: the collector need not visit them again and again
        self.namespace = model.namespace()
        with self.lock:
            self._model = model

    def _use_network(
        self, opened: Source, inputs: list[str], inputs_from: str | None, device: str | None, unfolded: dict[str, bool]
    ) -> None:
        from ..run.inputs.arguments import arguments_for

        assert opened.module is not None
        arguments = arguments_for(opened, inputs, inputs_from, device)
        import torch

        from ..live.live_model import LiveModel
        from ..live.live_tree import LiveTree

        model = LiveModel(opened, LiveTree.of(opened.module, opened.name), unfolded)
        self._clear()
        self.namespace = {
            "__name__": "__main__",
            "torch": torch,
            "nn": torch.nn,
            "F": torch.nn.functional,
            **opened.names,
            **console_names(self),
        }
        self.namespace |= self.inputs.use(
            arguments.args,
            arguments.kwargs,
            text=arguments.text,
            origin=arguments.origin,
            specs=arguments.specs,
            guessed_from=arguments.guessed_from,
        )
        self.bind(opened.name, opened.module if opened.own is None else opened.own)
        with self.lock:
            self._model = model

    def close(self) -> None:
        """Close the model, and drop the console's names, the runs and the undo history."""
        self._clear()

    def _clear(self) -> None:
        with self.lock:
            before, self._model = self._model, None
            compared, self.comparison = self.comparison, None
        self.opened_values = None
        if compared is not None:
            compared.close()
        if before is not None:
            before.close()
            if before.source.checkpoint is not None and not self.is_beside:
                del before
                gc.unfreeze()
                gc.collect()  # it may have been a million tensors
        self.namespace, self._interpreter, self._watch = {}, None, None
        self.runs.clear()
        self.snapshots.clear()
        self.fitting = None
        self.result, self.inputs = None, NextInputs()
        self.known_values, self.known_siblings = {}, None

    def bind(self, name: str, network: object) -> None:
        """Bind the console's `net`, and `name` where it is a name, to a network."""
        self.namespace["net"] = network
        if name.isidentifier():
            self.namespace[name] = network

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

    def begin_change(self, label: str, about: Sequence[str] = ()) -> None:
        """Record values and gradients before `label`, a statement or `forward`, runs and may change them.

        Those at the paths that it is `about` can be restored however large the network is.
        """
        from ..undo.optimizers import optimizers_in

        self.undone = []
        if self.is_checkpoint:
            return
        watch = self.watch()
        watch.begin(label, self.live.tensors_at_paths(about))
        watch.record_gradients()
        watch.record_optimizers(optimizers_in(self.namespace))

    def end_change(self) -> list[str]:
        """Return the paths whose values changed since `begin_change`, and report the network as it is now.

        The tree follows the names `net` and the network's own: bound to another module, that one is shown.
        """
        if self.is_checkpoint:
            return []
        watch, tree = self.watch(), self.present_tree()
        changed = watch.end(tree)
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
        fresh.statistics_cache.forget(changed)
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

    def summary(self) -> Summary:
        """Return the facts of the header on the open model as it is now; raise EngineProblem when nothing is open."""
        import msgspec

        return msgspec.structs.replace(
            self.model.summary(),
            rebound=self._is_rebound(),
            input=self.inputs.text,
            guessed=bool(self.inputs.guessed_from),
            run_mode=self.inputs.mode,
            call="" if self.is_checkpoint else self.inputs.call(),
        )

    def _is_rebound(self) -> bool:
        """Return whether the open network is another one than was opened."""
        return not self.is_checkpoint and self.root is not self.model.source.module

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
