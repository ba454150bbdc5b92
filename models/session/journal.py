"""What was done to the open network, in order, as Python that does it again: the session as a file.

What raised is there as a comment.  What the interface alone did (folding, selecting) is not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..safe_text import clean

if TYPE_CHECKING:
    from ..messages import RunMode
    from ..run.start import Start

LIMIT = 10_000
"""Steps that are kept, the latest."""
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
    """

    def __init__(self, source: str = "", seed: int | None = None, device: str | None = None, folder: str = "") -> None:
        self._source = source
        self._seed = seed
        self._device = device
        self._folder = folder
        self._steps: list[str] = []
        self._left_out = 0

    def did(self, code: str, *, failed: str = "") -> None:
        """Note a statement that ran; `failed` is what it raised, in a line."""
        if failed:
            code = "\n".join([commented(f"raised {failed}"), *map(commented, code.rstrip().splitlines())])
        self._steps.append(code.rstrip())
        if len(self._steps) > LIMIT:
            del self._steps[0]
            self._left_out += 1

    def remark(self, text: str) -> None:
        """Note what was done and cannot be said in Python."""
        self.did(commented(text))

    def script(self, name: str, inputs: str) -> str:
        """Return the session as a Python file.

        Args:
            name: what the console calls the network besides `net`.
            inputs: those that the network was opened with, as the arguments of a call; empty for none.
        """
        return "\n".join(self._lines(name, inputs)) + "\n"

    def _lines(self, name: str, inputs: str) -> Iterator[str]:
        yield commented(f"A session of modulescope on {self._source}")
        yield from ("import torch", "import torch.nn.functional as F", "from torch import nn", "")
        if self._seed is not None:
            yield f"torch.manual_seed({self._seed})"
        yield from self._network()
        if self._device is not None:
            yield f"net = net.to({self._device!r})"
        if name.isidentifier() and name != "net":
            yield f"{name} = net"
        yield from _inputs(inputs, self._device)
        yield ""
        if self._left_out:
            yield commented(f"{self._left_out:,} earlier steps were not kept")
        yield from self._steps

    def _network(self) -> Iterator[str]:
        if found := _FILE.match(self._source):
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


def _inputs(text: str, device: str | None) -> Iterator[str]:
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


def forward_code(call: str, mode: RunMode, device: str) -> str:
    """Return the Python that makes `output` by a call of the network, `net(X)`, in a mode.

    Args:
        device: where the network is, for autocast.
    """
    before, after, contexts = [], [], []
    if mode.input_dtype:
        before += [
            f"args, kwargs = tree_map_only(torch.Tensor, lambda x: x.to(torch.{mode.input_dtype}) "
            "if x.is_floating_point() else x, (args, kwargs))",
        ]
        before.insert(0, "from torch.utils._pytree import tree_map_only")
        call = "net(*args, **kwargs)"
    if mode.training:
        before += ["flags = [(module, module.training) for module in net.modules()]", f"net.{mode.training}()"]
        after += ["for module, flag in flags:", "    module.training = flag"]
    if mode.gradients:
        contexts.append(f"torch.{mode.gradients}()")
    if mode.autocast:
        contexts.append(f"torch.autocast({device.partition(':')[0]!r}, dtype=torch.{mode.autocast})")
    run = [f"output = {call}"]
    if contexts:
        run = [f"with {', '.join(contexts)}:", f"    {run[0]}"]
    return "\n".join([*before, *run, *after])


def backward_code(start: Start) -> str:
    """Return the Python that goes back from what a backward started from, in the console's `output`."""
    if len(start.tensors) == 1:
        found = start.tensors[0]
        if start.weighted:
            return (
                f"start = output{found.path}\n"
                "weights = torch.arange(start.numel(), dtype=torch.float64, device=start.device).cos()\n"
                "start.backward(weights.to(start.dtype).view(start.shape))"
            )
        return f"output{found.path}{'' if found.tensor.numel() == 1 else '.sum()'}.backward()"
    parts = ", ".join(f"output{found.path}.sum()" for found in start.tensors)
    return f"torch.autograd.backward([{parts}])"
