"""What was done to the open network, in order, as Python that does it again: the session as a file.

What raised and changed nothing, and what was undone, is there as a comment.  What the interface alone did (folding,
selecting) is not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from operator import attrgetter, methodcaller
from pathlib import Path
from textwrap import indent

from ..safe_text import clean
from .journal_steps import Step, with_last_value

LIMIT = 10_000
"""Steps that are kept, the latest."""
INTERRUPTED = ("interrupted", "stopped")
"""What a step is said to have raised that did only part of what it would do again."""
_FILE = re.compile(r"^(?P<file>.+\.py):(?P<name>.+)$", re.DOTALL)
_MODULE = re.compile(r"^(?P<module>[A-Za-z_][\w.]*):(?P<name>.+)$", re.DOTALL)
_FROM_FILE = """\
import importlib.util
import sys

spec = importlib.util.spec_from_file_location({name!r}, {file!r})
source = importlib.util.module_from_spec(spec)
sys.modules[{name!r}] = source
sys.path.insert(0, {folder!r})
spec.loader.exec_module(source)
net = eval({expression!r}, vars(source))"""
_FROM_MODULE = """\
import importlib
import sys

sys.path.insert(0, "")
net = eval({expression!r}, vars(importlib.import_module({name!r})))"""
_BUILT = """\
if callable(net) and not isinstance(net, nn.Module):
    net = net()"""
_FROM_CATALOGUE = """\
from models.examples.catalogue import build_example  # of modulescope

net = build_example({name!r})"""


class Journal:
    """The steps since a source was opened.

    Args:
        source: SOURCE, as the user wrote it.
        folder: what a relative path in it is relative to.
        inputs: those that the network was opened with, as the arguments of a call; empty for none.
        made: returns Python that makes what was opened, of a file of weights; empty where SOURCE says it.
        is_checkpoint: whether that is no network, and has no inputs.
    """

    def __init__(
        self,
        source: str = "",
        seed: int | None = None,
        device: str | None = None,
        folder: str = "",
        inputs: str = "",
        made: Callable[[], str] = str,
        is_checkpoint: bool = False,
    ) -> None:
        self._made = made
        self._is_checkpoint = is_checkpoint
        self._source = source
        self._seed = seed
        self._device = device
        self._folder = folder
        self._inputs = inputs
        self._steps: list[Step] = []
        self._left_out = 0
        self._ended = 0, False
        """The mark of the change that ended last, and whether it changed something."""
        self.mark = 1
        """What the next step is called: by it `undone` and `redone` find a change with all that came after it."""

    def did(self, code: str, *, failed: str = "", has_value: bool = False) -> None:
        """Note a statement that ran.

        Args:
            failed: what it raised, in a line.
            has_value: whether it was an expression, whose value `_` is since.
        """
        step = Step(self.mark, code.rstrip(), failed=failed, has_value=has_value)
        if (name := self._stale(step)) and not failed:
            self.remark(f"from the `{name}` of what was undone, so that it is not in this file: {step.code}")
            return
        self._add(step)

    def _stale(self, step: Step) -> str:
        """Return which name a step reads that only a step has made which was undone since; empty for none."""
        for name in filter(step.reads, ("_", "output")):
            makes = attrgetter("has_value") if name == "_" else methodcaller("binds", name)
            maker = next(filter(makes, reversed(self._steps)), None)
            if maker is not None and maker.undone_by:
                return name
        return ""

    def remark(self, text: str) -> None:
        """Note what was done and cannot be said in Python."""
        self._add(Step(self.mark, commented(text)))

    def loaded(self, code: str, text: str) -> None:
        """Note that weights were loaded, by `code` for `model`; `text` says it where that cannot read them."""
        if "file = ..." in code:
            self.remark(text)
        else:  # a function: its names are none of the console's
            name, body = "load_weights", indent(code.rstrip(), "    ")
            while any(name in step.code and not step.code.endswith(f"\ndel {name}") for step in self._steps):
                name += "_"  # it is one of the console's own
            self.did(f"def {name}(model):\n{body}\n\n\n{name}(net)\ndel {name}")

    def took(self, name: str) -> None:
        """Note that a snapshot was taken."""
        self._add(Step(self.mark, f"snapshots[{name!r}] = copy.deepcopy(net)", snapshot=name))

    def went_back(self, name: str, own_name: str) -> None:
        """Note that the network was made again what it was at a snapshot."""
        taken = next((step for step in reversed(self._steps) if step.snapshot == name), None)
        if taken is None or taken.undone_by:
            when = "before it was opened again" if taken is None else "in what was undone since"
            self.remark(f"back to snapshot {name}, taken {when}: that is not in this file")
            return
        taken.is_needed = True
        also = f"{own_name} = " if own_name.isidentifier() and own_name != "net" else ""
        self.did(f"net = {also}copy.deepcopy(snapshots[{name!r}])")

    def ended(self, mark: int, had_effect: bool) -> None:
        """Note whether what began at `mark` changed something, even where it raised."""
        self._ended = mark, had_effect
        if self._steps and self._steps[-1].number >= mark:
            self._steps[-1].had_effect = had_effect

    def undone(self, mark: int) -> None:
        """Leave out all steps from `mark` on: the change that they made was undone."""
        for step in self._steps:
            if step.number >= mark and not step.undone_by:
                step.undone_by = mark

    def redone(self, mark: int) -> int:
        """Take in again what `undone` left out, as done last; return what the change is called now."""
        again = [step for step in self._steps if step.undone_by == mark]
        self._steps = [step for step in self._steps if step.undone_by != mark]
        first = self.mark
        for step in again:
            step.number, step.undone_by = self.mark, 0
            self._add(step)
        return first

    def _add(self, step: Step) -> None:
        if step.number == self._ended[0]:
            step.had_effect = self._ended[1]
        self._steps.append(step)
        self.mark += 1
        if len(self._steps) > LIMIT:
            del self._steps[0]
            self._left_out += 1

    def script(self, name: str) -> str:
        """Return the session as a Python file that makes the network what it is now.

        Args:
            name: what the console calls the network besides `net`.
        """
        return "\n".join(self._lines(name)) + "\n"

    def _lines(self, name: str) -> Iterator[str]:
        yield commented(f"A session of modulescope on {self._source}")
        if self._seed is None and not self._is_checkpoint:
            yield "# opened without --seed: initial values and inputs that are random are others each time"
        steps = [step for step in self._steps if not step.snapshot or step.is_needed]
        snapshots = any(step.snapshot for step in steps)
        yield from ["import copy", ""] if snapshots else []
        yield from ("import torch", "import torch.nn.functional as F", "from torch import nn", "")
        if self._seed is not None:
            yield f"torch.manual_seed({self._seed})"
        yield from self._network()
        if not self._is_checkpoint:
            if self._device is not None:
                yield f"net = net.to({self._device!r})"
            if name.isidentifier() and name != "net":
                yield f"{name} = net"
            yield from inputs_code(self._inputs, self._device)
        yield from ["snapshots = {}"] if snapshots else []
        yield ""
        if self._left_out:
            yield commented(f"{self._left_out:,} earlier steps were not kept")
        needs_values = any(step.reads("_") for step in steps if not step.undone_by)
        for step in steps:
            yield from self._step(step, needs_values)

    def _step(self, step: Step, needs_value: bool) -> Iterator[str]:
        lines = map(commented, step.code.splitlines())
        if step.undone_by:
            yield from ("# undone:", *lines)
        elif not step.failed:
            yield with_last_value(step.code) if needs_value and step.has_value else step.code
        elif not step.had_effect:
            yield from (commented(f"raised {step.failed}"), *lines)
        elif step.failed in INTERRUPTED:
            yield from ("# was interrupted: what it did until then is not in this file", *lines)
        else:
            yield from (commented(f"raised {step.failed}"), *step.tried())

    def _network(self) -> Iterator[str]:
        if made := self._made():
            yield made
        elif found := _FILE.match(self._source):
            file = Path(self._folder, found["file"]).absolute()
            values = {"name": file.stem, "file": str(file), "folder": str(file.parent), "expression": found["name"]}
            yield _FROM_FILE.format(**values)
            yield _BUILT
        elif found := _MODULE.match(self._source):
            yield _FROM_MODULE.format(name=found["module"], expression=found["name"])
            yield _BUILT
        elif self._source.isidentifier():
            yield _FROM_CATALOGUE.format(name=self._source)
        else:
            yield commented(f"the network was opened from {self._source}: net has to be made here")


def inputs_code(text: str, device: str | None = None) -> Iterator[str]:
    """Yield what makes the console's `args`, `kwargs` and `X`; a comment where the inputs are not said in Python."""
    try:
        call = ast.parse(f"inputs({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield commented(f"the inputs were {text}: X has to be made here")
        return
    if not text or not isinstance(call, ast.Call) or "\n" in text:
        return
    yield f"args, kwargs = (lambda *args, **kwargs: (args, kwargs))({text})"
    if device is not None:
        yield f"moved = lambda value: value.to({device!r}) if isinstance(value, torch.Tensor) else value"
        yield "args = tuple(map(moved, args))"
        yield "kwargs = {name: moved(value) for name, value in kwargs.items()}"
    if call.args:
        yield "X = args[0]"


def commented(text: str) -> str:
    """Return a text as a comment, each line cleaned, so that nothing in it can end it."""
    return f"# {clean(text)}"
