"""Writes a trace: hooks tell when a module is called, a function mode tells of every operation.

The hooks are torch's global ones, filtered by identity: hooks on the user's modules would be copied, pickled and
scripted with them.  Nothing here draws a random number, keeps a tensor or changes one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

import msgspec
import torch
import torch.backends.mha
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..live.outline import Outline
from ..live.registered import parameters_in
from ..tensors.tensors import class_name
from .calls import Call
from .nonfinite import nonfinite_in
from .operations import gives_unset_memory, operation_name, tells_without_tensor
from .places import Places
from .record import Trace
from .shapes import arguments_in, shape_of_output, shapes_of, tensors_in
from .stack_room import DEEP, StackRoom
from .where import where_of, where_raised

_FUSED = (nn.MultiheadAttention, nn.TransformerEncoder, nn.TransformerEncoderLayer)
_LISTS = (nn.ParameterList, nn.ParameterDict)


class TooManyCalls(RuntimeError):
    """The run made more calls than it was allowed."""


@dataclass(slots=True, eq=False)
class _Frame:
    """A module's call that goes on."""

    module: nn.Module
    path: str
    call: Call
    place: int | None
    started: float
    handled: BaseException | None
    """The exception that was being handled when the call began."""
    plain: bool
    """A layer of torch's own without children: when it runs a single operation, its own row says it all."""
    python: FrameType
    """Torch's, from which the call goes on: it stands for all that is further out."""
    held: Call | None = None
    """The one operation of a plain layer so far."""
    operations: int = 0
    counts: dict[int, int] | None = None
    """How often each module was called from here, by identity; None before the first."""


class Recorder(TorchFunctionMode):
    """Records what runs within modules of an outline, in the thread that made it, while it is entered as a mode."""

    def __init__(self, outline: Outline, trace: Trace, max_calls: int | None = None) -> None:
        super().__init__()
        self._outline = outline
        self._trace = trace
        self._max_calls = max_calls
        self._thread = threading.get_ident()
        self._frames: list[_Frame] = []
        self._room: StackRoom | None = None
        """Taken when calls nest deeply: hardly any network needs it."""
        self._places: Places | None = None
        """Taken when the network is first called: many statements never do."""
        self._raised: BaseException | None = None
        """The exception that `trace.failed` tells of."""
        self._fused = False

    def enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        """Hook before every forward: begin the row of a module of the network."""
        if threading.get_ident() != self._thread or torch._C._get_tracing_state() is not None:
            return
        room = self._ours()
        with torch._C.DisableTorchFunction():
            self._enter(module, args)
        if room is not None:
            room.users(len(self._frames))
        if self._max_calls is not None:
            self._check_budget(self._max_calls)

    def leave(self, module: nn.Module, args: tuple[Any, ...], *rest: Any) -> None:
        """Hook after every forward, also one that raised: complete the row.

        `rest` is the keyword arguments and the output; after an exception torch gives the output, None, alone.
        """
        if not self._frames or not self._listens():
            return
        room = self._ours()
        self._leave(module, args, *rest)
        if room is not None:
            room.users(len(self._frames))

    def _leave(self, module: nn.Module, args: tuple[Any, ...], *rest: Any) -> None:
        frames = self._frames
        index = len(frames) - 1
        while frames[index].module is not module:
            if not index:
                return
            index -= 1
        raised = sys.exc_info()[1]
        frame = frames[index]
        if raised is frame.handled:
            raised = None
        with torch._C.DisableTorchFunction():
            while len(frames) > index + 1:  # those that never heard of their end
                self._close(frames[-1], None, raised)
            if len(rest) == 2 and rest[0]:
                frame.call.inputs = shapes_of(arguments_in(args, rest[0]))
            self._close(frame, rest[-1], raised)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = operation_name(func) if self._frames and self._listens() else None
        if name is None:
            return func(*args, **kwargs)
        if self._max_calls is not None:
            self._check_budget(self._max_calls)
        started = time.perf_counter()
        try:
            output = func(*args, **kwargs)
        except BaseException as error:
            self._record(name, args, kwargs, None, time.perf_counter() - started, error)
            raise
        self._record(name, args, kwargs, output, time.perf_counter() - started, None)
        return output

    def _record(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        output: object,
        seconds: float,
        raised: BaseException | None,
    ) -> None:
        room = self._ours()
        with torch._C.DisableTorchFunction():
            self._operation(name, args, kwargs, output, seconds, raised)
        if room is not None:
            room.users(len(self._frames))

    def finish(self, raised: BaseException | None) -> None:
        """Close what is still open; `raised` is what ended the traced code, None when nothing left it."""
        if self._room is not None:
            self._room.end()
        with torch._C.DisableTorchFunction():
            while self._frames:
                frame = self._frames[-1]
                if raised is None:  # a KeyboardInterrupt that was caught outside: hooks do not hear of it
                    frame.call.failed = frame.call.failed or "interrupted"
                    self._trace.failed = self._trace.failed or frame.call.row()
                    raised = self._raised = KeyboardInterrupt()
                self._close(frame, None, raised)
        self._raised = None
        self._trace.finish()

    def _ours(self) -> StackRoom | None:
        """Make room on the stack for code of ours, where calls nest deeply; its `users` ends that."""
        depth = len(self._frames)
        if depth < DEEP:
            return None
        if self._room is None:
            self._room = StackRoom(self._frames[0].python)
        self._room.ours(depth + 1)
        return self._room

    def _listens(self) -> bool:
        """Not to other threads, and not while torch records a graph: shapes would become part of it."""
        return threading.get_ident() == self._thread and torch._C._get_tracing_state() is None

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        places = self._places
        if places is None:
            places = self._places = Places.of(self._outline)
        caller = self._frames[-1] if self._frames else None
        nth = caller.counts.get(id(module), 0) if caller and caller.counts else 0
        within = caller.path if caller else ""
        path = places.module(module, caller.module if caller else None, within, nth)
        if path is None:
            return
        if caller is None:
            self._fused = torch.backends.mha.get_fastpath_enabled()
            torch.backends.mha.set_fastpath_enabled(False)
        else:
            if caller.counts is None:
                caller.counts = {}
            caller.counts[id(module)] = nth + 1
            if caller.held is not None:
                self._release(caller)
        tensors = arguments_in(args, {})
        python = sys._getframe(2)
        line = where_of(python, caller.python, caller.call.where) if caller else where_of(python)
        call = Call(path, class_name(module), "module", len(self._frames), line, shapes_of(tensors))
        kind = type(module)
        if self._fused or kind.__name__ == "OptimizedModule" or "_compiled_call_impl" in vars(module):
            call.note = self._note(module)
        plain = not module._modules and str(kind.__module__).startswith("torch.")
        handled = sys.exc_info()[1]
        place = self._trace.open(call)
        self._frames.append(_Frame(module, path, call, place, time.perf_counter(), handled, plain, python))
        if caller is None:
            self._look("input", tensors, [], call, call)

    def _close(self, frame: _Frame, output: object, raised: BaseException | None) -> None:
        call = frame.call
        call.seconds = time.perf_counter() - frame.started
        if frame.held is not None:
            call.tensors = frame.held.tensors
            call.failed = frame.held.failed
            call.note = call.note or frame.held.note
        if raised is not None:
            if not self._is_told(raised):
                call.failed = first_line(raised)
                self._fail(raised, call, where_raised(raised.__traceback__))
        else:
            call.output = shape_of_output(output)
            if not frame.operations and self._trace.nonfinite is None:
                self._look("forward", tensors_in(output), [], call, call)
        self._frames.pop()
        if not self._frames:
            torch.backends.mha.set_fastpath_enabled(self._fused)
            if raised is None:
                self._trace.failed = None  # whatever was raised within was caught there
        self._trace.close(frame.place)

    def _operation(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        output: object,
        seconds: float,
        raised: BaseException | None,
    ) -> None:
        outputs = [output] if isinstance(output, Tensor) else list(tensors_in(output))
        if not (outputs or raised or tells_without_tensor(name)):
            return
        assert self._places is not None
        frame = self._frames[-1]
        path = frame.path
        alone = frame.plain and not frame.operations
        tensors = arguments_in(args, kwargs)
        read = self._places.tensors(tensors, path)
        call = Call(
            path,
            name,
            "operation",
            len(self._frames),
            frame.call.where if frame.plain else where_of(sys._getframe(3), frame.python, frame.call.where),
            shapes_of(tensors),
            shape_of_output(output),
            tuple([name for name, _ in read]),
            seconds,
        )
        if any(holder != path for _, holder in read):
            call.note = self._uncalled(read)
        if raised is not None:
            call.failed = first_line(raised)
            self._fail(raised, call, call.where)
        frame.operations += 1
        if self._trace.nonfinite is None and not gives_unset_memory(name):
            written = tensors[:1] if name == "__setitem__" else outputs
            new = written if name.endswith("_") else [tensor for tensor in written if tensor._base is None]
            self._look("forward", new, tensors, call, frame.call if alone else call)
        if alone:
            frame.held = call
        else:
            self._release(frame)
            self._trace.add(call)

    def _release(self, frame: _Frame) -> None:
        """Give the held operation a row of its own: it was not the only thing that its layer did."""
        if frame.held is not None:
            held, frame.held = frame.held, None
            self._trace.add(held)

    def _look(
        self,
        phase: Literal["input", "forward"],
        outputs: Iterable[Tensor],
        inputs: list[Tensor],
        call: Call,
        row: Call,
    ) -> None:
        """Note the first NaN or infinity: what `call` gave, told at `row`, which is open or about to be added."""
        if self._trace.nonfinite is not None or torch._C._len_torch_dispatch_stack():
            return  # a dispatch mode (fake tensors, a counter of FLOPs) would see the extra operations
        for output in outputs:
            what = nonfinite_in(output)
            if what is not None:
                break
        else:
            return
        assert self._places is not None
        frame = self._frames[-1]
        before = [tensor for tensor in inputs if nonfinite_in(tensor)]
        known = self._places.tensors(before, frame.path)
        index = len(self._trace)
        if row is frame.call:
            index = -1 if frame.place is None else self._trace.index(frame.place)
        self._trace.nonfinite = {
            "phase": phase,
            "what": what,
            "module": call.module,
            "op": call.op,
            "where": call.where or None,
            "call": index if index >= 0 else None,
            "tensor": known[0][0] if known else None,
        }
        told = f"{what} in its input" if phase == "input" else f"first {what}"
        row.note = f"{row.note}; {told}" if row.note else told

    def _note(self, module: nn.Module) -> str:
        if type(module).__name__ == "OptimizedModule" or vars(module).get("_compiled_call_impl") is not None:
            return "traced without compilation"
        if self._fused and isinstance(module, _FUSED) and not module.training:
            graph = torch.is_grad_enabled() and any(p.requires_grad for p in parameters_in(module))
            return "" if graph else "traced without its fused path: results may differ by about 1e-7"
        return ""

    def _uncalled(self, read: list[tuple[str, str]]) -> str:
        """Tells of weights that belong to a module which is not being called."""
        called = {frame.path for frame in self._frames}
        holders = dict.fromkeys(holder for _, holder in read if holder not in called)
        strange = [path for path in holders if (node := self._outline.find(path)) and not isinstance(node.item, _LISTS)]
        return f"uses the weights of {', '.join(strange)} without calling it" if strange else ""

    def _is_told(self, raised: BaseException) -> bool:
        """Whether this is the exception that was told of already, or one raised from it."""
        seen: BaseException | None = raised
        for _ in range(20):
            if seen is None or self._raised is None:
                return False
            if seen is self._raised:
                self._raised = raised
                return True
            seen = seen.__cause__ or seen.__context__
        return False

    def _fail(self, raised: BaseException, call: Call, where: str) -> None:
        row = call.row()
        self._raised = raised
        self._trace.failed = msgspec.structs.replace(row, where=where)

    def _check_budget(self, most: int) -> None:
        if self._frames and self._trace.events >= most:
            raise TooManyCalls(f"stopped after {most:,} calls")


def first_line(error: BaseException) -> str:
    """`RuntimeError: mat1 and mat2 …`: the class and the first line of the message, at most 500 characters."""
    try:
        message = str(error).strip().partition("\n")[0]
    except Exception:  # a user's class may fail to tell
        message = ""
    name = type(error).__name__
    return f"{name}: {message}"[:500] if message else name
