"""The open model and all that belongs to it: outline, folds, console, runs, changes.

The engine's handlers and the headless commands both work on a `Session`; neither keeps state of its own.  What runs
the user's code (`open`, `execute`, `forward`, `backward`, …) is called from one thread, the main one; the rest may
be asked from another thread meanwhile and sees the outline as it was when the last statement ended.

Owns: which model is open and what the console's names are bound to.  Must not draw, and must not know the wire.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ..messages import Problem, StateChanged, Summary
from ..messages.errors import EngineProblem

if TYPE_CHECKING:
    import torch

    from ..checkpoint.model import CheckpointModel
    from ..live.live_model import LiveModel
    from ..live.outline import Outline
    from ..opened.open_model import OpenModel
    from ..opened.source import Source
    from ..run.interpreter import Interpreter
    from ..run.trace import Trace
    from ..undo.changes import Watch

RUNS_KEPT = 20
"""Runs whose calls can still be looked at."""


def nothing_open() -> EngineProblem:
    return EngineProblem(Problem("usage", "Nothing is open", "Open a network from the catalogue: key o."))


def no_code() -> EngineProblem:
    return EngineProblem(
        Problem(
            "usage",
            "A checkpoint holds tensors, not code: there is nothing to run",
            "Open the code that builds the network, as FILE.py:NAME, where NAME is a function that builds it, loads "
            "this file with load_state_dict and returns it.",
        )
    )


class Session:
    """Nothing is open at first; `open` replaces what was open.

    Args:
        emit: called with event bodies (`StateChanged`, `CallsGrew`); None drops them.
    """

    def __init__(self, emit: Callable[[object], None] | None = None) -> None:
        self.emit: Callable[[object], None] = emit or (lambda event: None)
        self.lock = threading.RLock()
        """Held while the folds or the whole model change: the rows of a page belong together."""
        self._model: OpenModel | None = None
        self._ahead: tuple[str, CheckpointModel] | None = None
        """What was opened before it was asked for."""
        self.namespace: dict[str, Any] = {}
        self._interpreter: Interpreter | None = None
        self._watch: Watch | None = None
        self.undone: list[str] = []
        """Paths whose values `undo()`, called in the statement that runs, took back."""
        self.runs: dict[int, Trace] = {}
        self.last_run = 0
        self.result: object = None
        """What `backward` starts from: the output of the last forward run."""
        self.arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        self.input_text = ""
        self.input_guessed = False

    # -- what is open ------------------------------------------------------------------------------------------------
    @property
    def model(self) -> OpenModel:
        """Raises EngineProblem when nothing is open."""
        if self._model is None:
            raise nothing_open()
        return self._model

    @property
    def live(self) -> LiveModel:
        """The open network; raises EngineProblem when nothing is open, or a checkpoint."""
        model = self.model
        if model.source.checkpoint is not None:
            raise no_code()
        return cast("LiveModel", model)

    @property
    def is_open(self) -> bool:
        return self._model is not None

    @property
    def is_checkpoint(self) -> bool:
        """Whether tensors in files are open: nothing of them runs or changes."""
        return self._model is not None and self._model.source.checkpoint is not None

    @property
    def root(self) -> torch.nn.Module:
        return self.live.outline.root

    @property
    def interpreter(self) -> Interpreter:
        """Of the console's names; made when it is first asked for."""
        from ..run.interpreter import Interpreter

        if self._interpreter is None:
            self._interpreter = Interpreter(self.namespace)
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
        progress: Callable[[str], None] = lambda text: None,
    ) -> Summary:
        """Open SOURCE (see the command line) in place of what is open.

        What was open stays open when this fails.

        Raises:
            EngineProblem: SOURCE or an input cannot be had; the problem says why and what to do.
        """
        from ..checkpoint.model import CheckpointModel
        from ..opened.source import OpenOptions, SourceError
        from ..sources.opening import open_source

        progress(f"opening {source}")
        try:
            ahead, self._ahead = self._ahead, None
            if ahead is not None and ahead[0] == source and not unfolded and device is None:
                self._take_checkpoint(ahead[1], inputs or inputs_from)
            else:
                opened = open_source(source, seed=seed, device=device, how=OpenOptions(trust, progress))
                if opened.checkpoint is not None:
                    model = CheckpointModel.of(opened, unfolded or {})
                    self._take_checkpoint(model, inputs or inputs_from)
                else:
                    self._take_network(opened, inputs or [], inputs_from, device, unfolded or {})
        except SourceError as error:
            raise EngineProblem(Problem("source", error.title, error.text, where=error.where)) from None
        if unfold_to:
            self.model.view.fold("", "fit", unfold_to)
        return self.summary()

    def open_ahead(self, source: str) -> None:
        """Prepare what `open` will be asked for, if it is a checkpoint; what goes wrong is told by `open`."""
        from ..checkpoint.model import CheckpointModel
        from ..opened.source import SourceError
        from ..sources.opening import open_source
        from ..work.gc_paused import gc_paused

        with suppress(SourceError), gc_paused():
            opened = open_source(source)
            if opened.checkpoint is not None:
                self._ahead = source, CheckpointModel.of(opened, {})

    def _take_checkpoint(self, model: CheckpointModel, inputs: object) -> None:
        if inputs:
            raise no_code()
        self._forget()
        gc.freeze()  # what a large checkpoint is made of stays: the collector need not go through it again and again
        self.namespace = model.namespace()
        with self.lock:
            self._model = model

    def _take_network(
        self, opened: Source, inputs: list[str], inputs_from: str | None, device: str | None, unfolded: dict[str, bool]
    ) -> None:
        from ..run.arguments import arguments_for

        assert opened.module is not None
        arguments = arguments_for(opened, inputs, inputs_from, device)
        import torch

        from ..live.live_model import LiveModel
        from ..live.outline import Outline

        model = LiveModel.of(opened, Outline.of(opened.module, opened.name), unfolded)
        self._forget()
        self.arguments = (arguments.args, arguments.kwargs)
        self.input_text, self.input_guessed = arguments.text, arguments.guessed
        self.namespace = {
            "__name__": "__main__",
            "torch": torch,
            "nn": torch.nn,
            "F": torch.nn.functional,
            **opened.names,
            "undo": self._undo_in_console,
        }
        if arguments.args:
            self.namespace["X"] = arguments.args[0]
        self.namespace |= {"args": arguments.args, "kwargs": arguments.kwargs}
        self._bind(opened.name, opened.module if opened.own is None else opened.own)
        with self.lock:
            self._model = model

    def close(self) -> None:
        """Forget the model and the console's names."""
        self._forget()

    def _forget(self) -> None:
        with self.lock:
            before, self._model = self._model, None
        if before is not None:
            before.close()
            if before.source.checkpoint is not None:
                del before
                gc.unfreeze()
                gc.collect()  # it may have been a million tensors
        self.namespace, self._interpreter, self._watch = {}, None, None
        self.runs, self.result, self.arguments = {}, None, ((), {})
        self.input_text, self.input_guessed = "", False

    def _bind(self, name: str, network: object) -> None:
        self.namespace["net"] = network
        if name.isidentifier():
            self.namespace[name] = network

    @contextmanager
    def code_runs(self) -> Iterator[None]:
        """Code of the user's may run in this thread meanwhile: others see gradients as they are now (`settle` ends it).

        What this is for is told at `GradientAccess`.
        """
        if self._model is None or self.is_checkpoint:
            yield
            return
        from ..live.gradient_access import GRADIENTS

        with GRADIENTS.running(self.live.outline.distinct_tensors):
            yield

    # -- before and after something runs -----------------------------------------------------------------------------
    def present_outline(self) -> Outline:
        """The outline of the network as it is now: of what the network's own name, or `net`, is bound to.

        The very one that is known when nothing came, went or took another form.
        """
        from ..live.outline import Outline

        root, known = self._followed(), self.live.outline
        return known if root is known.root and known.is_current() else Outline.of(root, known.name)

    def _followed(self) -> torch.nn.Module:
        import torch

        model = self.live
        root = model.outline.root
        for name in (model.source.name, "net"):
            bound = self.namespace.get(name)
            if isinstance(bound, torch.nn.Module) and bound is not root:
                self._bind(model.source.name, bound)
                return bound
        return root

    def watch(self) -> Watch:
        """What knows the values before a statement.  Made late: it copies them."""
        from ..undo.changes import Watch

        if self._watch is None:
            self._watch = Watch(self.live.outline)
        return self._watch

    def before(self, label: str) -> None:
        """`label` is about to run and may change values and gradients: note them."""
        self.undone = []
        if self.is_checkpoint:
            return
        watch = self.watch()
        watch.begin(label)
        watch.record_gradients()

    def after(self) -> list[str]:
        """Something ran: find what it changed, and take the network in as it is now.

        Returns the paths whose values changed.  The tree follows the names `net` and the network's own: bound to
        another module, that one is shown.
        """
        if self.is_checkpoint:
            return []
        watch, outline = self.watch(), self.present_outline()
        changed = watch.end(outline)
        changed += [path for path in self.undone if path not in set(changed)]
        self.settle(changed, gradients=watch.gradients_changed or bool(self.undone), outline=outline)
        return changed

    def settle(self, changed: list[str], *, gradients: bool, outline: Outline | None = None) -> None:
        """Tell what changed: rows that came or went, values, gradients."""
        from ..live.gradient_access import GRADIENTS
        from ..live.live_model import LiveModel
        from ..live.rows import with_ancestors

        GRADIENTS.over()  # before anybody is told to ask anew
        model = self.live
        outline = outline or self.present_outline()
        structure = False
        fresh = model
        if outline is not model.outline:
            fresh = LiveModel.of(model.source, outline, model.view.overrides())
            structure = not outline.same_structure(model.outline)
        fresh.known.forget(changed)
        fresh = replace(fresh, changed=changed, marked=with_ancestors(outline, changed))
        with self.lock:
            self._model = fresh
        self.emit(
            StateChanged(
                summary=self.summary(),
                structure=structure,
                values=structure or bool(changed or model.changed),
                gradients=structure or gradients,
                changed=changed[:1000],
            )
        )

    def undo(self) -> str:
        """Take back the last change of values or gradients; returns the sentence for the user.

        Raises:
            NothingToUndo: there is none, or nothing of it was kept.
        """
        text, paths = self.watch().undo()
        self.undone += paths
        return text

    def _undo_in_console(self) -> None:
        """Take back the last change of values or gradients."""
        self.watch().end()  # what the statement did before is a change of its own
        print(self.undo())

    def summary(self) -> Summary:
        """What the header tells of the open model as it is now."""
        import msgspec

        return msgspec.structs.replace(self.model.summary(), input=self.input_text, guessed=self.input_guessed)

    def keep_run(self, trace: Trace) -> int:
        """Keep a run's calls under a new number, and forget the oldest."""
        self.last_run += 1
        self.runs[self.last_run] = trace
        for old in sorted(self.runs)[:-RUNS_KEPT]:
            del self.runs[old]
        return self.last_run
