"""The open model and all that belongs to it: outline, folds, console, runs, changes.

The engine's handlers and the headless commands both work on a `Session`; neither keeps state of its own.  What runs
the person's code (`open`, `execute`, `forward`, `backward`, …) is called from one thread, the main one; the rest may
be asked from another thread meanwhile and sees the outline as it was when the last statement ended.

Owns: which model is open and what the console's names are bound to.  Must not draw, and must not know the wire.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .engine.errors import EngineProblem
from .engine.messages import Problem, StateChanged, Summary

if TYPE_CHECKING:
    import torch

    from .edit.changes import Watch
    from .inspect.outline import Node, Outline
    from .inspect.search import Searcher
    from .inspect.totals import Totals
    from .inspect.view import View
    from .run.interpreter import Interpreter
    from .run.trace import Trace
    from .sources.base import Source

RUNS_KEPT = 20
"""Runs whose calls can still be looked at."""


@dataclass
class Model:
    """One open model: replaced as a whole, so that another thread sees either the old or the new one."""

    source: Source
    outline: Outline
    view: View
    totals: Totals
    facts: Summary
    """What the header tells, but for the mode, which `Session.summary` looks up each time."""
    changed: list[str] = field(default_factory=list)
    """Paths whose values the last statement changed."""
    marked: set[str] = field(default_factory=set)
    """The same and the modules above them: the rows that are marked."""
    search: list[Searcher] = field(default_factory=list)
    """Made by the first search; a list, so that models of one outline have it in common."""

    @property
    def searcher(self) -> Searcher:
        """Searches the paths of all nodes."""
        from .inspect.search import Searcher

        if not self.search:
            self.search.append(Searcher([node.path for node in self.outline.nodes]))
        return self.search[0]


def nothing_open() -> EngineProblem:
    return EngineProblem(Problem("usage", "Nothing is open", "Open a network from the catalogue: key o."))


class Session:
    """Nothing is open at first; `open` replaces what was open.

    Args:
        emit: called with event bodies (`StateChanged`, `CallsGrew`); None drops them.
    """

    def __init__(self, emit: Callable[[object], None] | None = None) -> None:
        self.emit: Callable[[object], None] = emit or (lambda event: None)
        self.lock = threading.RLock()
        """Held while the folds or the whole model change: the rows of a page belong together."""
        self._model: Model | None = None
        self.namespace: dict[str, Any] = {}
        self.interpreter: Interpreter | None = None
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
    def model(self) -> Model:
        """Raises EngineProblem when nothing is open."""
        if self._model is None:
            raise nothing_open()
        return self._model

    @property
    def is_open(self) -> bool:
        return self._model is not None

    @property
    def root(self) -> torch.nn.Module:
        return self.model.outline.root

    def node(self, path: str) -> Node:
        """The node at `path`; raises EngineProblem when there is none."""
        found = self.model.outline.find(path)
        if found is None:
            raise EngineProblem(
                Problem("gone", f"There is nothing at {path!r} any more", "The tree shows what there is.", path)
            )
        return found

    def open(
        self,
        source: str,
        *,
        inputs: list[str] | None = None,
        inputs_from: str | None = None,
        seed: int | None = None,
        device: str | None = None,
        unfold_to: int = 0,
        unfolded: dict[str, bool] | None = None,
        progress: Callable[[str], None] = lambda text: None,
    ) -> Summary:
        """Open SOURCE (see the command line) in place of what is open.

        What was open stays open when this fails.

        Raises:
            EngineProblem: SOURCE or an input cannot be had; the problem says why and what to do.
        """
        from .run.arguments import arguments_for
        from .sources.base import SourceError, open_source

        progress(f"opening {source}" if "torch" in sys.modules else "importing torch")
        try:
            opened = open_source(source, seed=seed, device=device)  # imports torch, unless there is nothing of the name
            arguments = arguments_for(opened, inputs or [], inputs_from, device)
        except SourceError as error:
            raise EngineProblem(Problem("source", error.title, error.text, where=error.where)) from None
        import torch

        from .inspect.outline import Outline
        from .run.interpreter import Interpreter

        model = self._model_of(opened, Outline.of(opened.module, opened.name), unfolded or {})
        if unfold_to:
            model.view.fold("", "fit", unfold_to)
        self._watch = None
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
        self._bind(opened.name, opened.module)
        self.interpreter = Interpreter(self.namespace)
        self.runs, self.result = {}, None
        with self.lock:
            self._model = model
        return self.summary()

    def close(self) -> None:
        """Forget the model and the console's names."""
        with self.lock:
            self._model = None
        self.namespace, self.interpreter, self._watch = {}, None, None
        self.runs, self.result, self.arguments = {}, None, ((), {})

    def _bind(self, name: str, module: torch.nn.Module) -> None:
        self.namespace["net"] = module
        if name.isidentifier():
            self.namespace[name] = module

    def _model_of(self, source: Source, outline: Outline, unfolded: dict[str, bool]) -> Model:
        from .inspect.summary import summarise
        from .inspect.totals import Totals
        from .inspect.view import View

        totals = Totals.of(outline)
        return Model(
            source=source,
            outline=outline,
            view=View(outline, unfolded),
            totals=totals,
            facts=summarise(source, outline, totals),
        )

    # -- before and after something runs -----------------------------------------------------------------------------
    def present_outline(self) -> Outline:
        """The outline of the network as it is now: of what the network's own name, or `net`, is bound to.

        The very one that is known when nothing came, went or took another form.
        """
        from .inspect.outline import Outline

        root, known = self._followed(), self.model.outline
        return known if root is known.root and known.is_current() else Outline.of(root, known.name)

    def _followed(self) -> torch.nn.Module:
        import torch

        model = self.model
        root = model.outline.root
        for name in (model.source.name, "net"):
            bound = self.namespace.get(name)
            if isinstance(bound, torch.nn.Module) and bound is not root:
                self._bind(model.source.name, bound)
                return bound
        return root

    def watch(self) -> Watch:
        """What knows the values before a statement.  Made late: it copies them."""
        from .edit.changes import Watch

        if self._watch is None:
            self._watch = Watch(self.model.outline)
        return self._watch

    def before(self, label: str) -> None:
        """`label` is about to run and may change values and gradients: note them."""
        watch = self.watch()
        watch.begin(label)
        watch.record_gradients()
        self.undone = []

    def after(self) -> list[str]:
        """Something ran: find what it changed, and take the network in as it is now.

        Returns the paths whose values changed.  The tree follows the names `net` and the network's own: bound to
        another module, that one is shown.
        """
        watch, outline = self.watch(), self.present_outline()
        changed = watch.end(outline)
        changed += [path for path in self.undone if path not in set(changed)]
        self.settle(changed, gradients=watch.gradients_changed or bool(self.undone), outline=outline)
        return changed

    def settle(self, changed: list[str], *, gradients: bool, outline: Outline | None = None) -> None:
        """Tell what changed: rows that came or went, values, gradients."""
        from .inspect.rows import with_ancestors

        model = self.model
        outline = outline or self.present_outline()
        structure = False
        fresh = model
        if outline is not model.outline:
            fresh = self._model_of(model.source, outline, model.view.overrides())
            structure = not outline.same_structure(model.outline)
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
        """Take back the last change of values or gradients; returns the sentence for the person.

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

        from .inspect.summary import mode_of

        model = self.model
        return msgspec.structs.replace(
            model.facts, mode=mode_of(model.outline), input=self.input_text, guessed=self.input_guessed
        )

    def keep_run(self, trace: Trace) -> int:
        """Keep a run's calls under a new number, and forget the oldest."""
        self.last_run += 1
        self.runs[self.last_run] = trace
        for old in sorted(self.runs)[:-RUNS_KEPT]:
            del self.runs[old]
        return self.last_run
