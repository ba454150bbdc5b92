"""Opening a source in a session, anew too: the open model, the console's names that came with it, its files.

Owns: which model is open.  What is done with it afterwards is the session's (`session.py`).
"""

from __future__ import annotations

import gc
import linecache
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..messages import RunMode, Summary
from ..messages.errors import EngineProblem
from ..opened.source import OpenOptions, Source, SourceError
from ..work.gc_paused import collect_where_seldom
from .console_names import surviving
from .held_tensors import HeldTensors
from .journal import Journal
from .journal_source import opened_code
from .new_process import NewProcess
from .next_inputs import NextInputs
from .problems import nothing_open, problem_of_source, requires_code
from .watched_files import Stamp, WatchedFiles

if TYPE_CHECKING:
    import torch

    from ..checkpoint.model import CheckpointModel
    from ..live.live_model import LiveModel
    from ..opened.open_model import OpenModel


class _Wanted(NamedTuple):
    """A source and how it is to be opened: the arguments of `SourceOpener.open` of these names."""

    source: str
    inputs: list[str]
    inputs_from: str | None
    seed: int | None
    device: str | None
    unfolded: dict[str, bool]
    mode: RunMode | None
    options: OpenOptions

    @property
    def for_run(self) -> bool:
        """Return whether something of it only means something for a network that runs."""
        return bool(self.inputs or self.inputs_from or (self.mode is not None and self.mode.words))


class SourceOpener:
    """Opens one source at a time in place of what is open.  Nothing is open at first."""

    def __init__(self) -> None:
        self.is_beside = False
        """Whether it only reads a checkpoint beside what is open: the process's other objects are to be collected."""
        self.lock = threading.RLock()
        """Held while the folds or the whole model change: the rows of a page belong together."""
        self._model: OpenModel | None = None
        self._opened_ahead: tuple[str, CheckpointModel, int] | None = None
        """A SOURCE, the checkpoint that `open_ahead` opened for it, and when it began, in nanoseconds."""
        self._let_go_network = False
        """Whether what was open before was a network."""
        self._has_foreign = False
        """Whether a trusted file made objects, which may refer to themselves, when what is open was frozen."""
        self.namespace: dict[str, Any] = {}
        """The console's names."""
        self.inputs = NextInputs()
        """Of the next forward."""
        self.journal = Journal()
        """What was done since the source was opened."""
        self._new_process = NewProcess()
        self._files = WatchedFiles()
        self._given: dict[str, Any] = {}
        """The console's names as they were when the source was opened."""
        self.held_tensors = HeldTensors()
        """Of the open network; empty for a checkpoint."""
        self.names_kept: list[str] = []
        """Names of the console that survived the last opening anew."""
        self.names_gone: list[str] = []
        """Those that did not."""

    @property
    def model(self) -> OpenModel:
        """Return the open model; raise EngineProblem when nothing is open."""
        if self._model is None:
            raise nothing_open()
        return self._model

    @property
    def is_open(self) -> bool:
        """Return whether a model is open."""
        return self._model is not None

    @property
    def is_checkpoint(self) -> bool:
        """Return whether a checkpoint is open, of which nothing runs or changes."""
        return self._model is not None and self._model.source.checkpoint is not None

    @property
    def live(self) -> LiveModel:
        """Return the open network; raise EngineProblem when nothing is open, or a checkpoint."""
        model = self.model
        if model.source.checkpoint is not None:
            raise requires_code(model.source)
        return cast("LiveModel", model)

    @property
    def root(self) -> torch.nn.Module:
        """Return the open network's module; raise EngineProblem when nothing is open, or a checkpoint."""
        return self.live.tree.root

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
        on_progress(f"opening {source}")
        linecache.checkcache()  # a file that was edited is shown as it is now
        options = OpenOptions(trust, on_progress, language)
        wanted = _Wanted(source, inputs or [], inputs_from, seed, device, unfolded or {}, mode, options)
        outliving = self._outliving() if anew else ({}, [], None)
        before, since = self._files.stamps() if anew else {}, time.time_ns()
        try:
            with self._new_process.again() if anew else nullcontext():
                ahead = self._use_opened_ahead(wanted)
                if ahead is None:
                    self._use(wanted)
        except SourceError as error:
            raise EngineProblem(problem_of_source(error)) from None
        self._begin(wanted, *outliving)
        self._watch_files(before, since if ahead is None else ahead)
        if unfold_to:
            self.model.fold_state.fold("", "fit", unfold_to)
        return self.summary()

    def _use_opened_ahead(self, wanted: _Wanted) -> int | None:
        """Take over what `open_ahead` opened, if that is what is wanted; return when it began, or None."""
        ahead, self._opened_ahead = self._opened_ahead, None
        if ahead is None or ahead[0] != wanted.source or wanted.unfolded or wanted.device is not None:
            return None
        self._use_checkpoint(ahead[1], wanted)
        return ahead[2]

    def _use(self, wanted: _Wanted) -> None:
        from ..sources.opening import open_source

        opened = open_source(wanted.source, seed=wanted.seed, device=wanted.device, how=wanted.options)
        if opened.checkpoint is None:
            self._use_network(opened, wanted)
            return
        from ..checkpoint.model import CheckpointModel

        self._use_checkpoint(CheckpointModel(opened, wanted.unfolded), wanted)

    def _outliving(self) -> tuple[dict[str, object], list[str], Any]:
        """Return the console's names that outlive an opening anew, those that are gone, and what else outlives it."""
        return *surviving(self.namespace, self._given), None

    def _take_over(self, others: Any) -> None:
        """Keep what else outlives an opening anew; None for nothing."""

    def _begin(self, wanted: _Wanted, kept: dict[str, object], gone: list[str], others: Any) -> None:
        """Begin the journal, and have back what is `kept` of the console's names and of others when opening anew."""
        self.inputs.mode = wanted.mode or self.inputs.mode
        folder = os.getcwd()  # noqa: PTH109
        self._given = dict(self.namespace)
        made = opened_code(self.model, self._given, folder)
        self.journal = Journal(
            wanted.source, wanted.seed, wanted.device, folder, self.inputs.text, made, self.is_checkpoint
        )
        self.names_kept = [name for name in kept if name not in ("args", "kwargs", "inputs")]  # X is their first
        self.names_gone = [name for name in gone if name not in self._given]
        self.namespace |= kept
        self._take_over(others)
        if self._let_go_network and not self.is_beside:
            collect_where_seldom()  # it may refer to itself
        self._let_go_network = False
        if self.is_checkpoint and not self.is_beside:
            gc.freeze()  # the objects of a large one stay: the collector need not visit them again and again
            self._has_foreign = wanted.options.trust

    def _watch_files(self, before: Mapping[str, Stamp], since: int) -> None:
        # Those of a checkpoint may be thousands, on a slow disk: they are looked at when it is asked for them.
        files = [] if self.is_checkpoint else self._source_files()
        self._files = WatchedFiles(files, before, since, late=self.is_checkpoint)

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
        from ..sources.opening import open_source
        from ..work.gc_paused import gc_paused

        since = time.time_ns()
        with suppress(SourceError), gc_paused():
            opened = open_source(source)
            if opened.checkpoint is not None:
                self._opened_ahead = source, CheckpointModel(opened, {}), since

    def _use_checkpoint(self, model: CheckpointModel, wanted: _Wanted) -> None:
        if wanted.for_run:
            raise requires_code(model.source)
        self._let_go()
        self.namespace = model.namespace()
        with self.lock:
            self._model = model

    def _use_network(self, opened: Source, wanted: _Wanted) -> None:
        from ..run.inputs.arguments import arguments_for

        assert opened.module is not None
        arguments = arguments_for(opened, wanted.inputs, wanted.inputs_from, wanted.device)
        import torch

        from ..live.live_model import LiveModel
        from ..live.live_tree import LiveTree

        model = LiveModel(opened, LiveTree.of(opened.module, opened.name), wanted.unfolded)
        self._let_go()
        self.namespace = {
            "__name__": "__main__",
            "torch": torch,
            "nn": torch.nn,
            "F": torch.nn.functional,
            **opened.names,
            **self._added_names(),
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
        self.held_tensors.take(model.tree)
        with self.lock:
            self._model = model

    def close(self) -> None:
        """Close the model, and drop the console's names, the runs and the undo history."""
        self._let_go()

    def _added_names(self) -> dict[str, Any]:
        """Return the names of ours that the console has beside those of a network."""
        return {}

    def _let_go(self) -> None:
        """Close the model, and free the memory of a checkpoint, whose objects were frozen.

        They go by themselves, as none of ours refers to itself.  Torch's stay frozen then: there are so many that each
        later collection would take 0.1 s.
        """
        model = self._model
        if model is None or model.source.checkpoint is None or self.is_beside:
            self._clear()
            return
        parts = weakref.ref(model), weakref.ref(model.tree)
        del model
        self._clear()
        if self._has_foreign or any(part() is not None for part in parts):
            gc.unfreeze()
        gc.collect()

    def _clear(self) -> None:
        """Forget what is open and all that was made of it."""
        with self.lock:
            before, self._model = self._model, None
        if before is not None:
            before.close()
            self._let_go_network = before.source.checkpoint is None
        self.namespace, self._given = {}, {}
        self.held_tensors = HeldTensors()
        self.inputs = NextInputs()

    def bind(self, name: str, network: object) -> None:
        """Bind the console's `net`, and `name` where it is a name, to a network."""
        self.namespace["net"] = network
        if name.isidentifier():
            self.namespace[name] = network

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
