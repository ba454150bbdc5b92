"""Writes a trace: hooks see when a module is called, a function mode sees every operation.

The hooks are torch's global ones, filtered by identity: hooks on the user's modules would be copied, pickled and
scripted with them.  Nothing here draws a random number, keeps a tensor or changes one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from types import FrameType
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ...live.live_tree import LiveTree
from ...live.registered import registry_of
from ...tensors.tensors import class_name
from .call_notes import module_note, uncalled_note
from .calls import Call
from .costs import Cost, cost_of
from .device_seconds import event_behind
from .frame import Frame, first_line, is_raised_from, named_arguments, records_graph
from .fused_path import FUSED_PATH
from .lineage import sequence_number, switch
from .modes import mode_now, mode_of
from .operations import MADE_OF_MANY, counts_without_tensor, operation_name
from .outside import run_outside
from .places import Places
from .reading import Reading
from .record import NODES, REGISTERED, Trace
from .run_tensors import RunTensors
from .shapes import arguments_in, shape_of_output, shapes_of, tensors_in
from .stack_room import DEEP, StackRoom
from .where import where_of, where_raised


class TooManyCalls(RuntimeError):
    """Raised in a run that made more calls than it was allowed."""


class Recorder(TorchFunctionMode):
    """Records what runs within modules of a tree, in the thread that made it, while it is entered as a mode.

    Args:
        tree: the network's, which gives the paths.
        trace: where the calls are recorded.
        max_calls: calls after which TooManyCalls is raised within the network; None for no limit.
    """

    def __init__(self, tree: LiveTree, trace: Trace, max_calls: int | None = None) -> None:
        super().__init__()
        self._tree = tree
        self._trace = trace
        self._max_calls = max_calls
        self._thread = threading.get_ident()
        self._frames: list[Frame] = []
        self._room: StackRoom | None = None
        """Taken when calls nest deeply: hardly any network needs it."""
        self._places: Places | None = None
        """Taken when the network is first called: many statements never do."""
        self._raised: BaseException | None = None
        """The exception that `trace.failed` is about."""
        self._fused = False
        self._tensors: RunTensors | None = None
        """What is known of the tensors of the run; taken with `_places`."""
        self._overhead = 0.0
        """Seconds that recording took so far."""

    def enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        """Begin the row of a module of the network: the hook before every forward."""
        if not self._is_recording():
            if self._frames and threading.get_ident() != self._thread and self._places is not None:
                self._trace.in_threads = self._trace.in_threads or bool(self._places.paths(module))
            return
        began = time.perf_counter()
        room = self._ours()
        with torch._C.DisableTorchFunction():
            frame = self._enter(module, args, sys._getframe(1))
        now = time.perf_counter()
        self._overhead += now - began
        if frame is not None:
            frame.started, frame.overhead = now, self._overhead
        if room is not None:
            room.users(len(self._frames))
        if self._max_calls is not None:
            self._check_budget(self._max_calls)

    def leave(self, module: nn.Module, args: tuple[Any, ...], *rest: Any) -> None:
        """Complete the row of a module: the hook after every forward, also after one that raised.

        `rest` is the keyword arguments and the output; after an exception torch gives the output, None, alone.
        """
        if not self._frames or not self._is_recording():
            return
        began = time.perf_counter()
        room = self._ours()
        self._leave(began, module, args, *rest)
        self._overhead += time.perf_counter() - began
        if room is not None:
            room.users(len(self._frames))

    def _leave(self, now: float, module: nn.Module, args: tuple[Any, ...], *rest: Any) -> None:
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
            while len(frames) > index + 1:  # those whose end no hook saw
                self._close(frames[-1], None, raised, now)
            if len(rest) == 2 and rest[0]:
                assert self._tensors is not None
                self._tensors.entered_by_name(frame.call, arguments_in(args, rest[0]))
            self._close(frame, rest[-1], raised, now)

    def registers(self, module: nn.Module, name: str, item: object) -> None:
        """Note which line registers a parameter or module in the network: torch's hook before it does."""
        if not self._frames or not self._is_recording() or not isinstance(item, (Tensor, nn.Module)):
            return
        assert self._places is not None
        frame = self._frames[-1]
        where = where_of(sys._getframe(1), frame.python, frame.call.where)
        held = registry_of(module, "_parameters" if isinstance(item, Tensor) else "_modules").get(name)
        for holder in self._places.paths(module):
            path = f"{holder}.{name}" if holder else name
            if len(self._trace.registered) < REGISTERED:
                self._trace.registered[path] = where
            if held is not None and held is not item:
                frame.call.add_note(f"replaces {path}")

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = operation_name(func) if self._frames and self._is_recording() else None
        if name is None:
            if func is switch:
                self._trace.lineage.switched(args[0], sys._getframe(1), self._frames)
            elif not self._frames:
                return run_outside(self._trace, self._tensors, func, args, kwargs)
            return func(*args, **kwargs)
        if self._max_calls is not None:
            self._check_budget(self._max_calls)
        began = time.perf_counter()
        bare = not types and not torch._C._len_torch_function_stack()
        reading = self._read(name, args, kwargs, bare)
        reading.first = sequence_number()
        memory = self._tensors.memory if name in MADE_OF_MANY and self._tensors is not None else None
        started = time.perf_counter()
        try:
            output = func(*args, **kwargs) if memory is None else memory.run(name, func, args, kwargs)
        except BaseException as error:
            self._record(reading, None, began, time.perf_counter() - started, error)
            raise
        seconds = time.perf_counter() - started
        reading.behind = reading.before and event_behind(reading.before)
        end = sequence_number()
        call = self._record(reading, output, began, seconds, None)
        if end != reading.first and call is not None and len(self._trace.nodes) < NODES:
            self._trace.nodes.append((reading.first, end, call))
        return output

    def _record(
        self, reading: Reading, output: object, began: float, seconds: float, raised: BaseException | None
    ) -> Call | None:
        room = self._ours() if len(self._frames) >= DEEP else None
        call = None
        try:
            if reading.bare and type(output) is Tensor:  # nobody else sees what is done to the tensors
                call = self._operation(reading, output, seconds, raised)
            else:
                with torch._C.DisableTorchFunction():
                    call = self._operation(reading, output, seconds, raised)
        except Exception as error:  # of a class of the user's, which may raise anything
            self._missed(reading.name, error)
        self._overhead += time.perf_counter() - began - seconds
        if room is not None:
            room.users(len(self._frames))
        return call

    def _read(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], bare: bool) -> Reading:
        """Return what an operation is about to read; nothing where a class of the user's fails to be looked at."""
        assert self._tensors is not None
        try:
            if bare:
                return self._tensors.reading(name, args, kwargs, True)
            with torch._C.DisableTorchFunction():
                return self._tensors.reading(name, args, kwargs)
        except Exception as error:
            self._missed(name, error)
            return Reading(name, (), {}, [], [], (), False, [])

    def _missed(self, what: str, error: Exception) -> None:
        """Note at the call that goes on that something in it could not be looked at; the user's code goes on."""
        self._frames[-1].call.add_note(f"{what} could not be looked at: {first_line(error)}"[:200])

    def finish(self, raised: BaseException | None) -> None:
        """Close what is still open; `raised` is what ended the traced code, None when nothing left it."""
        if self._room is not None:
            self._room.end()
        with torch._C.DisableTorchFunction():
            while self._frames:
                frame = self._frames[-1]
                if raised is None:  # a KeyboardInterrupt that was caught outside: no hook sees it
                    frame.call.failed = frame.call.failed or "interrupted"
                    self._trace.failed = self._trace.failed or copy(frame.call)
                    raised = self._raised = KeyboardInterrupt()
                self._close(frame, None, raised, time.perf_counter())
            if self._tensors is not None:
                self._tensors.finish()
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

    def _is_recording(self) -> bool:
        """Return False for other threads, and while torch records a graph: shapes would become part of it."""
        if threading.get_ident() != self._thread or torch._C._is_tracing():
            return False
        return not (torch._C._len_torch_dispatch_stack() and records_graph())

    def _enter(self, module: nn.Module, args: tuple[Any, ...], python: FrameType) -> Frame | None:
        """Begin a row, called from `python`, and return what keeps it; None for a module not of the network."""
        places = self._places
        if places is None:
            places = self._places = Places.of(self._tree)
            self._tensors = RunTensors(self._tree, places, self._trace)
        caller = self._frames[-1] if self._frames else None
        nth = caller.counts.get(id(module), 0) if caller and caller.counts else 0
        within = caller.path if caller else ""
        path = places.module(module, caller.module if caller else None, within, nth)
        if path is None:
            return None
        if caller is not None:
            caller.counts = caller.counts or {}
            caller.counts[id(module)] = nth + 1
            if caller.held is not None:
                self._release(caller)
        tensors = arguments_in(args, {})
        assert self._tensors is not None
        call = Call(
            module=path,
            op=class_name(module),
            kind="module",
            depth=len(self._frames),
            where=where_of(python, caller.python, caller.call.where) if caller else where_of(python),
            inputs=shapes_of(tensors),
        )
        self._tensors.entered(call, tensors)
        kind = type(module)
        if caller is None:
            self._fused = FUSED_PATH.hold_off(self)  # until its frame, which comes next, is closed
        if self._fused or kind.__name__ == "OptimizedModule" or "_compiled_call_impl" in vars(module):
            call.note = module_note(module, self._fused)
        plain = not module._modules and str(kind.__module__).startswith("torch.")
        mode, training, call.mode = mode_of(module, caller)
        place = self._trace.open(call)
        frame = Frame(module, path, call, place, sys.exc_info()[1], plain, python, mode, training)
        self._frames.append(frame)
        if caller is None:
            try:
                self._tensors.given([*tensors, *named_arguments(python)], call)
            except Exception as error:  # of a tensor's class, which may raise anything
                self._missed("its input", error)
        return frame

    def _close(self, frame: Frame, output: object, raised: BaseException | None, now: float) -> None:
        """Complete the row of a module's call; `now` is when it was over, by `time.perf_counter`."""
        try:
            self._complete(frame, output, raised, now)
        except Exception as error:  # of a class of the user's, which may raise anything
            self._missed("what it returned", error)
        self._frames.pop()
        if self._frames:
            self._frames[-1].counts_call(frame)
        else:
            FUSED_PATH.release(self)
        self._trace.close(frame.place)

    def _complete(self, frame: Frame, output: object, raised: BaseException | None, now: float) -> None:
        """Write what is known of a module's call, now that it is over, into its row."""
        assert self._tensors is not None
        call = frame.call
        call.seconds = max(now - frame.started - (self._overhead - frame.overhead), 0.0)
        call.self_seconds = max(call.seconds - frame.within, 0.0)
        if frame.account is not None:
            frame.account.close(frame.within, alone=frame.held is not None)
        if frame.held is not None:
            frame.take_over(frame.held)
        if frame.counted:
            call.flops, call.elementwise = frame.flops, frame.elementwise
        if raised is not None:
            if not self._is_reported(raised):
                call.failed = first_line(raised)
                self._fail(raised, call, where_raised(raised.__traceback__) or call.where)
        else:
            call.output = shape_of_output(output)
            self._tensors.returned(call, output, is_silent=not frame.operations)
            if len(self._frames) == 1:
                self._trace.failed = None  # whatever was raised within was caught there
                self._tensors.end(output)

    def _operation(self, reading: Reading, output: object, seconds: float, raised: BaseException | None) -> Call | None:
        name, tensors = reading.name, reading.tensors
        outputs = [output] if isinstance(output, Tensor) else list(tensors_in(output))
        if not (outputs or raised or counts_without_tensor(name)):
            return self._trace.lineage.no_call(reading, sys._getframe(3))
        assert self._places is not None
        assert self._tensors is not None
        path = (frame := self._frames[-1]).path
        alone = frame.plain and not frame.operations
        read = self._places.tensors(tensors, path)
        call = Call(
            module=path,
            op=name,
            kind="operation",
            depth=len(self._frames),
            where=frame.call.where if frame.plain else where_of(sys._getframe(3), frame.python, frame.call.where),
            inputs=shapes_of(tensors),
            output=shape_of_output(output),
            tensors=tuple([name for name, _ in read]) if read else (),
            seconds=seconds,
            self_seconds=seconds,
            producers=reading.producers,
            reads_input=reading.given,
            mode=() if (mode := mode_now()) is frame.mode else mode.words(frame.mode),
        )
        if read and any(holder != path for _, holder in read):
            call.note = uncalled_note(self._tree, self._frames, read, call, self._trace)
        if raised is not None:
            call.failed = first_line(raised)
            self._tensors.failed(reading, call)
            self._fail(raised, call, call.where)
        else:
            self._tensors.gave(reading, outputs, call, frame.call if alone else call, self._frames)
        frame.operations += 1
        frame.within += seconds
        if raised is None:
            self._count(frame, call, cost_of(name, tensors, outputs, reading.texts if name == "einsum" else ()))
            self._trace.lineage.note(call, reading, output, mode.records)
        if alone:
            frame.held = call
        else:
            self._release(frame)
            self._trace.add(call)
        return call

    def _count(self, frame: Frame, call: Call, cost: Cost | None) -> None:
        """Note what an operation cost that is over, None where it is not known, in its call and its module's."""
        if cost is not None:
            frame.counts_cost(call, cost)
        else:
            self._trace.not_counted[call.op] = self._trace.not_counted.get(call.op, 0) + 1

    def _release(self, frame: Frame) -> None:
        """Give the held operation a row of its own: it was not the only thing that its layer did."""
        if frame.held is not None:
            held, frame.held = frame.held, None
            self._trace.add(held)

    def _is_reported(self, raised: BaseException) -> bool:
        """Return whether this is the exception that was reported already, or one raised from it."""
        is_same = self._raised is not None and is_raised_from(raised, self._raised)
        if is_same:
            self._raised = raised
        return is_same

    def _fail(self, raised: BaseException, call: Call, where: str) -> None:
        self._raised = raised
        self._trace.failed = replace(call, where=where)
        if self._tensors is not None:
            self._trace.maker_of = self._tensors.maker

    def _check_budget(self, limit: int) -> None:
        if self._frames and self._trace.events >= limit:
            raise TooManyCalls(f"stopped after {limit:,} calls")
