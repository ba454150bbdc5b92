"""What the calls of a run read and gave: who made which tensor, its statistics, and what in it is not finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any
from weakref import ref

import torch
from torch import Tensor
from torch.nn import Parameter

from ...live.live_tree import LiveTree
from ...tensors.tensors import requires_grad, shape_of
from .accelerator import Found, Pending, Readings, is_capturing, is_read_later
from .call_statistics import OutputStatistics
from .calls import Call
from .captured import CallTensors, Kept
from .costs import gives_new_memory
from .dead import RELUS, note_dead, unit_dimension
from .device_seconds import Framed, TimedOperation, account_in, event_on, is_timed
from .flow import Flow, storage_of
from .live_memory import constants_of
from .looks import Before, Looks
from .loss_values import odd_values
from .operations import LOSSES, SOFTMAXES, gives_unset_memory, writes_parts
from .output_statistics import spread_of_rows, statistics_of
from .places import Places
from .reading import Reading
from .record import MADE, Maker, Trace
from .run_memory import RunMemory
from .shapes import LIMIT, arguments_in, shapes_of, tensors_in

_numel, _element_size = torch._C.TensorBase.numel, torch._C.TensorBase.element_size
_UNKNOWN = OutputStatistics(0, 0.0, 0.0, 0.0, 0.0, 0)
"""Of a tensor that was written before anybody looked."""


class RunTensors:
    """What is known of the tensors of one run.

    Args:
        tree: the network's.
        places: its paths.
        trace: where the first NaN or infinity is reported.
    """

    def __init__(self, tree: LiveTree, places: Places, trace: Trace) -> None:
        self._tree = tree
        self._places = places
        self._trace = trace
        self._captures = trace.captures
        self._flow = Flow()
        self.memory = RunMemory(constants_of(tree))
        trace.memory = None if trace.is_dry else self.memory.live  # a run without values has a meter
        self._readings = Readings()
        self._looks = Looks(self._path_of, self._before, trace, self._readings)
        self._batch: int | None = None
        """The length of the first dimension of the network's input."""

    def reading(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], bare: bool = False) -> Reading:
        """Return what an operation with these arguments is about to read; `bare` as `Reading` has it."""
        tensors = arguments_in(args, kwargs)
        found = Reading(name, args, kwargs, tensors, *self._flow.read(tensors), self._copies(name, tensors), bare)
        if tensors and is_timed(tensors[0]):
            found.before = event_on(tensors[0])
        return found

    def entered(self, call: Call, tensors: list[Tensor]) -> None:
        """Note who made what a module is called with, and take copies of it, where such are taken.

        Nothing of a tensor whose class fails to be looked at.
        """
        try:
            _, call.producers, call.reads_input, _ = self._flow.read(tensors)
            if self._captures is not None and self._captures.wants(call):
                call.captured = CallTensors(self._captures.of(tensors, self._own_path))
        except Exception:  # of a tensor's class, which may raise anything
            return

    def entered_by_name(self, call: Call, tensors: list[Tensor]) -> None:
        """Note all that a module was called with, now that it is over: only then what was given by name is known."""
        call.inputs = shapes_of(tensors)
        if self._captures is not None and call.captured is not None:
            given = list(call.captured.inputs)
            call.captured.inputs = [*given, *map(self._captures.known, tensors[len(given) :])]

    def maker(self, tensor: Tensor) -> Maker:
        """Return where a tensor of the run comes from."""
        path = self._path_of(tensor)
        known = self._flow.known(tensor)
        call = self._flow.made_by(tensor)
        return Maker(call, path[0] if path else "", call is None and known is not None and path is None)

    def given(self, tensors: list[Tensor], call: Call) -> None:
        """Note the inputs of the network, which `call` is the call of."""
        self._batch = next((size for tensor in tensors if (size := _rows(tensor)) is not None), None)
        self._trace.given = [ref(tensor) for tensor in tensors if requires_grad(tensor)]
        self.memory.given(tensor for tensor in tensors if self._flow.known(tensor) is None)
        for tensor in tensors:
            if self._flow.known(tensor) is not None:
                continue
            found = self._measured(tensor)
            self._flow.made(tensor, None, found)
            self._looks.given(tensor, found, call)

    def gave(self, reading: Reading, outputs: list[Tensor], call: Call, row: Call, frames: Sequence[Framed]) -> None:
        """Note what an operation gave and wrote.

        Args:
            row: the call whose row it will be counted in.
            frames: the calls of modules that it is in, the innermost last.
        """
        if reading.behind is not None:
            timed = TimedOperation(call, account_in(frames), (reading.before, reading.behind), self._trace)
            self._readings.time(timed.read)
        flow, tensors, memory, looks = self._flow, reading.tensors, self.memory, self._looks
        call.bytes = bytes_of(outputs)
        self._describe(reading, call)
        if reading.kept is not None and self._captures is not None and self._captures.wants(call):
            call.captured = CallTensors(reading.kept, self._captures.of(outputs[:LIMIT], self._own_path))
        written = reading.written()
        for tensor in written:
            self._trace.lineage.wrote(tensor, call)
        if written:
            for path, _ in self._places.tensors(written, call.module):
                self._trace.written.setdefault(path, row)
        if written and writes_parts(reading.name):
            before = self._before(reading, written[:1])
            flow.wrote(written[0], call)
            looks.wrote_parts(written[0], before, self._measured, reading, call, row)
            written = []
        for tensor in written:
            found = self._measured_of(reading, tensor)
            before = self._before(reading, written)
            flow.wrote(tensor, call, found)
            looks.gave(tensor, found, reading, call, row, before)
            self._say(call, found)
        if len(outputs) == 1 and not written and gives_new_memory(reading.name):
            output = outputs[0]
            for tensor in tensors:
                if tensor is output:
                    return
            found = self._measured_of(reading, output)
            flow.made(output, call, found)
            memory.took(call, output)
            looks.gave(output, found, reading, call, row)
            if type(found) is Pending:
                self._say(call, found)
            else:
                call.statistics = found  # type: ignore[assignment]
            return
        self._gave_several(reading, outputs, call, row)

    def _describe(self, reading: Reading, call: Call) -> None:
        """Note of an operation that is over what findings ask of its arguments."""
        if call.op in LOSSES:
            self._of_loss(reading, call)
        elif call.op in SOFTMAXES:
            call.along = reading.dimension
        for tensor in reading.tensors:
            if type(tensor) is Parameter and not self._places.paths(tensor):
                self._made_meanwhile(tensor, call)

    def _made_meanwhile(self, tensor: Tensor, call: Call) -> None:
        """Note a call that reads a parameter which is not the network's, where the run itself made its memory."""
        known = self._trace.made_parameters
        if requires_grad(tensor) and len(known) < MADE and self.memory.live.counts(tensor) and call.kind == "operation":
            known.append(call)

    def _of_loss(self, reading: Reading, call: Call) -> None:
        """Note what a loss compares with its target, and what is odd about the numbers that it was given."""
        if isinstance(subject := reading.subject, Tensor):
            call.subject = self._flow.made_by(subject)
        if not torch._C._len_torch_dispatch_stack():
            with suppress(Exception):  # of a class or dtype without such an operation
                call.odd = odd_values(call.op, reading.arguments, reading.named)

    def _gave_several(self, reading: Reading, outputs: list[Tensor], call: Call, row: Call) -> None:
        """Note what an operation gave that may share memory with what it read or wrote, or is not one tensor."""
        flow, tensors, memory, looks = self._flow, reading.tensors, self.memory, self._looks
        own = {id(tensor) for tensor in tensors}
        fresh = [output for output in outputs if id(output) not in own]
        memory.took(call)
        if not fresh:
            return
        unset = gives_unset_memory(reading.name)
        sources = {storage_of(tensor): tensor for tensor in tensors}
        for output in islice(fresh, LIMIT):
            source = sources.get(storage_of(output) or -1)
            if source is not None:  # a view
                known = flow.now(source)
                whole = known is not None and _numel(source) == _numel(output)
                flow.made(output, call, known.statistics if known is not None and whole else None)
                continue
            found = None if unset else self._measured_of(reading, output)
            flow.made(output, call, found)
            memory.took(call, output)
            looks.gave(output, found, reading, call, row)
            self._say(call, found)

    def failed(self, reading: Reading, call: Call) -> None:
        """Keep what an operation read that raised, where copies are taken."""
        if reading.kept is not None and self._captures is not None and self._captures.wants(call):
            call.captured = CallTensors(reading.kept)

    def returned(self, call: Call, output: object, is_silent: bool) -> None:
        """Complete the call of a module by what it returned.

        Args:
            is_silent: whether none of its operations was seen.
        """
        first: Tensor | None = None
        tensors = list(islice(tensors_in(output), LIMIT))
        call.bytes = bytes_of(tensors)
        memory = self.memory
        memory.took(call)
        if self._captures is not None and call.captured is not None:
            call.captured.outputs = self._captures.of(tensors, self._own_path)
        with suppress(Exception):  # of a tensor's class, which may raise anything
            call.returned = self._flow.read(tensors)[1]
        for tensor in tensors:
            first = tensor if first is None else first
            if is_silent and self._flow.now(tensor) is None:
                found = self._measured(tensor)
                self._flow.made(tensor, call, found)
                memory.took(call, tensor)
                self._looks.gave(tensor, found, None, call, call)
        if first is None:
            return
        known = self._flow.now(first)
        if known is None or known.statistics is None:
            return
        has_rows = self._batch is not None and self._batch > 1 and _rows(first) == self._batch
        if type(known.statistics) is Pending:
            self._say(call, known.statistics, first if has_rows else None)
            return
        call.statistics = found = known.statistics  # type: ignore[assignment]
        if has_rows:
            try:
                rows = spread_of_rows(first, found)  # type: ignore[arg-type]
            except Exception:  # of a dtype without such sums
                rows = None
            if rows is not None:
                call.statistics = found.with_rows(rows)  # type: ignore[union-attr]

    def end(self, output: object) -> None:
        """Report what is not finite in the network's result, now that the call of the network is over."""
        results = islice(tensors_in(output), LIMIT)
        made = [(id(tensor), self._flow.made_by(tensor)) for tensor in results]
        self._trace.lineage.results = [(key, call) for key, call in made if call is not None]
        self._looks.end(output)

    def end_of_loss(self, loss: Tensor) -> None:
        """Report what is not finite in a loss that was taken behind the network."""
        self._looks.end(loss)

    def finish(self) -> None:
        """Read what devices are still measuring, now that the run is over, however it ended."""
        self._readings.read()
        self._trace.made_by = self._flow.made_by

    def _measured_of(self, reading: Reading, output: Tensor) -> Found:
        """Return the statistics of what an operation gave; of a ReLU with its units."""
        if reading.name not in RELUS:
            return self._measured(output)
        try:
            unit = unit_dimension(output, reading.producers)
        except Exception:  # of a tensor's class, which may raise anything
            unit = None
        found = self._measured(output, unit)
        if unit is not None and isinstance(found, OutputStatistics):
            with suppress(Exception):
                note_dead(output, found, unit)
        return found

    def _measured(self, tensor: Tensor, by_unit: int | None = None) -> Found:
        if torch._C._len_torch_dispatch_stack():
            return None  # a dispatch mode (fake tensors, a counter of FLOPs) would see the extra operations
        if is_read_later(tensor):
            if is_capturing():
                return None
            try:
                pending = self._readings.measure(tensor, by_unit)
            except Exception:  # memory of the device that is not there
                return None
            if pending is not None:
                return pending
        return statistics_of(tensor)

    def _before(self, reading: Reading, written: Sequence[Tensor] = ()) -> Before:
        """Return the tensors that an operation read, each with its statistics before it, where they are known."""
        found: Before = []
        for tensor, version in zip(reading.tensors, reading.versions, strict=True):
            known = self._flow.known(tensor)
            if known is not None and known.version == version and known.statistics is not None:
                found.append((tensor, known.statistics))
            else:
                found.append((tensor, _UNKNOWN if any(tensor is each for each in written) else None))
        return found

    def _say(self, call: Call, found: Found, by_row: Tensor | None = None) -> None:
        """Write statistics into a call, and so into the row that it is counted in; later, where a device has them.

        Args:
            by_row: the tensor that they are of, where its rows are compared too; None where they are not.
        """
        if type(found) is not Pending:
            call.statistics = call.statistics or found  # type: ignore[assignment]
            return
        rows: list[float] = []
        if by_row is not None and by_row.dtype.is_floating_point:
            self._readings.rows(by_row, found, rows.append)

        def said() -> None:
            measured = found.found
            row = call.row_of()
            if measured is None or row.kind != call.kind:  # a layer's own row has them by its own call
                return
            measured = measured.with_rows(rows[0] if rows else None)
            row.statistics = measured if row.statistics is None else row.statistics.joined(measured)
            if row.index >= 0:  # one that there was room for
                self._trace.late.add(row)

        self._readings.then(said)

    def _copies(self, name: str, tensors: list[Tensor]) -> list[Kept] | None:
        """Return copies of what an operation is about to read; None where none are taken."""
        if self._captures is None or not self._captures.wants_operation(name):
            return None
        return self._captures.of(tensors, self._own_path)

    def _own_path(self, tensor: Tensor) -> str | None:
        paths = self._places.paths(tensor)
        return paths[0] if paths else None

    def _path_of(self, tensor: Tensor) -> tuple[str, bool] | None:
        found = self._places.tensors([tensor], "")
        if not found:
            return None
        path = found[0][0]
        node = self._tree.at(path)
        return path, node is not None and node.kind != "parameter"


def bytes_of(tensors: list[Tensor]) -> int | None:
    """Return how many bytes the elements of the tensors take; None for no tensor."""
    try:
        if not tensors:
            return None
        found = _numel(tensors[0]) * _element_size(tensors[0])
        if len(tensors) > 1:
            found = sum([_numel(tensor) * _element_size(tensor) for tensor in tensors])
        return found if type(found) is int else None  # a symbol, where sizes depend on values
    except Exception:  # a lazy or nested one; a class that computes it, and fails
        return None


def _rows(tensor: Tensor) -> int | None:
    """Return the length of the first of several dimensions; None for fewer, and for a nested tensor."""
    shape = tensor.shape if type(tensor) is Tensor and not tensor.is_nested else shape_of(tensor)
    return shape[0] if shape is not None and len(shape) > 1 else None
