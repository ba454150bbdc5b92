"""What the calls of a run read and gave: who made which tensor, its statistics, and what in it is not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from ...live.live_tree import LiveTree
from ...tensors.plainly import attribute
from ...tensors.tensors import shape_of
from .call_statistics import OutputStatistics
from .calls import Call
from .captured import CallTensors, Kept
from .costs import gives_new_memory
from .dead import RELUS, note_dead
from .flow import Flow, base_of, storage_of
from .live_memory import constants_of
from .operations import gives_unset_memory, writes_parts
from .origins import Origin, Origins
from .output_statistics import spread_of_rows, statistics_of
from .places import Places
from .reading import Reading
from .record import FirstNonfinite, Maker, Trace
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
        self._origins = Origins(self._path_of)
        self._batch: int | None = None
        """The length of the first dimension of the network's input."""
        self._is_settled = False
        """Whether what the trace reports as not finite reached a result of the network."""

    def reading(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], bare: bool = False) -> Reading:
        """Return what an operation with these arguments is about to read; `bare` as `Reading` has it."""
        tensors = arguments_in(args, kwargs)
        return Reading(name, args, kwargs, tensors, *self._flow.read(tensors), self._copies(name, tensors), bare)

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
        self.memory.given(tensor for tensor in tensors if self._flow.known(tensor) is None)
        for tensor in tensors:
            if self._flow.known(tensor) is not None:
                continue
            found = self._measured(tensor)
            self._flow.made(tensor, None, found)
            if found is not None and (found.nan or found.inf):
                origin = self._origins.given(tensor, found, call)
                if origin is not None:
                    call.add_note(f"{origin.what} in its input")
                    self._report(origin, call)

    def gave(self, reading: Reading, outputs: list[Tensor], call: Call, row: Call) -> None:
        """Note what an operation gave and wrote.

        Args:
            row: the call whose row it will be counted in.
        """
        flow, tensors, memory = self._flow, reading.tensors, self.memory
        call.bytes = bytes_of(outputs)
        if reading.kept is not None and self._captures is not None and self._captures.wants(call):
            call.captured = CallTensors(reading.kept, self._captures.of(outputs[:LIMIT], self._own_path))
        written = reading.written()
        for tensor in written:
            self._trace.lineage.wrote(tensor, call)
        if written:
            for path, _ in self._places.tensors(written, call.module):
                self._trace.written.setdefault(path, row)
        if written and writes_parts(reading.name):
            self._wrote_parts(reading, written[0], call, row)
            written = []
        for tensor in written:
            found = self._measured_of(reading, tensor)
            before = self._before(reading, written)
            flow.wrote(tensor, call, found)
            self._look(tensor, found, before, reading, call, row)
            call.statistics = call.statistics or found
        if len(outputs) == 1 and not written and gives_new_memory(reading.name):
            output = outputs[0]
            for tensor in tensors:
                if tensor is output:
                    return
            found = self._measured_of(reading, output)
            flow.made(output, call, found)
            memory.took(call, output)
            self._look(output, found, None, reading, call, row)
            call.statistics = found
            return
        self._gave_several(reading, outputs, call, row)

    def _gave_several(self, reading: Reading, outputs: list[Tensor], call: Call, row: Call) -> None:
        """Note what an operation gave that may share memory with what it read or wrote, or is not one tensor."""
        flow, tensors, memory = self._flow, reading.tensors, self.memory
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
            self._look(output, found, None, reading, call, row)
            call.statistics = call.statistics or found

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
                if found is not None and (found.nan or found.inf):
                    self._note(self._origins.made(tensor, found, [], [], call), call, call)
                elif tensor._base is None:
                    self._origins.finite(tensor)
        if first is None:
            return
        known = self._flow.now(first)
        if known is None or known.statistics is None:
            return
        call.statistics = known.statistics
        if self._batch is not None and self._batch > 1 and _rows(first) == self._batch:
            try:
                rows = spread_of_rows(first, known.statistics)
            except Exception:  # of a dtype without such sums
                rows = None
            if rows is not None:
                call.statistics = known.statistics.with_rows(rows)

    def end(self, output: object) -> None:
        """Report what is not finite in the network's result, now that the call of the network is over."""
        results = islice(tensors_in(output), LIMIT)
        made = [(id(tensor), self._flow.made_by(tensor)) for tensor in results]
        self._trace.lineage.results = [(key, call) for key, call in made if call is not None]
        if self._is_settled:
            return
        self._trace.nonfinite = self._trace.nonfinite_at = None  # what was made within is gone
        if not self._origins.any:
            return
        origins = self._origins.in_output(islice(tensors_in(output), LIMIT))
        if origins:
            self._is_settled = True
            self._trace.nonfinite = _described(origins[0], origins[0].call.row_of().index)

    def _measured_of(self, reading: Reading, output: Tensor) -> OutputStatistics | None:
        """Return the statistics of what an operation gave; of a ReLU with its units."""
        found = self._measured(output)
        if found is not None and reading.name in RELUS:
            with suppress(Exception):  # of a tensor's class, which may raise anything
                note_dead(output, found, reading.producers)
        return found

    def _measured(self, tensor: Tensor) -> OutputStatistics | None:
        if torch._C._len_torch_dispatch_stack():
            return None  # a dispatch mode (fake tensors, a counter of FLOPs) would see the extra operations
        return statistics_of(tensor)

    def _before(self, reading: Reading, written: list[Tensor]) -> list[tuple[Tensor, OutputStatistics | None]]:
        """Return the tensors that an operation read, each with its statistics before it, where they are known."""
        found: list[tuple[Tensor, OutputStatistics | None]] = []
        for tensor, version in zip(reading.tensors, reading.versions, strict=True):
            known = self._flow.known(tensor)
            if known is not None and known.version == version and known.statistics is not None:
                found.append((tensor, known.statistics))
            else:
                found.append((tensor, _UNKNOWN if any(tensor is each for each in written) else None))
        return found

    def _look(
        self,
        output: Tensor,
        found: OutputStatistics | None,
        before: list[tuple[Tensor, OutputStatistics | None]] | None,
        reading: Reading,
        call: Call,
        row: Call,
    ) -> None:
        if found is not None and not found.all_finite:
            before = self._before(reading, []) if before is None else before
            self._note(self._origins.made(output, found, before, reading.literals, call), call, row)
        elif base_of(output) is None:
            self._origins.finite(output)

    def _wrote_parts(self, reading: Reading, target: Tensor, call: Call, row: Call) -> None:
        """Note an operation that wrote some elements of `target`: only what it wrote is looked at."""
        before = self._before(reading, [target])
        self._flow.wrote(target, call)
        for tensor, known in before:
            if tensor is target or not attribute(tensor, "dtype").is_floating_point:
                continue
            found = known or self._measured(tensor)
            if found is not None and (found.nan or found.inf):
                self._note(
                    self._origins.made(target, found, [(tensor, found)], reading.literals, call, partly=True), call, row
                )
        found = _of_literals(reading.literals)
        if found.nan or found.inf:
            self._note(self._origins.made(target, found, [], reading.literals, call, partly=True), call, row)

    def _note(self, new: list[Origin], call: Call, row: Call) -> None:
        """Note what a call made that is not finite, the first of its kind at its row."""
        for origin in new:
            if self._origins.is_first(origin):
                cause = origin.cause
                made_of = f", of the infinity of {cause.call.op}" if cause is not None else ""
                row.add_note(f"first {origin.what}{made_of}")
                if origin.what == "NaN" and not self._is_settled:
                    self._report(origin, row)

    def _report(self, origin: Origin, row: Call) -> None:
        """Report a NaN before it is known whether it reaches the result: the run may not come so far."""
        index = row.index if row.index >= 0 else len(self._trace)
        self._trace.nonfinite, self._trace.nonfinite_at = _described(origin, index), row

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


def _of_literals(numbers: list[float]) -> OutputStatistics:
    """Return how many of the numbers are NaN or infinite; nothing else of them."""
    signs = [math.isinf(number) and number > 0 for number in numbers]
    inf, nan = sum(map(math.isinf, numbers)), sum(map(math.isnan, numbers))
    return OutputStatistics(len(numbers), 0.0, 0.0, 0.0, 0.0, 0, nan, sum(signs), inf - sum(signs))


def _described(origin: Origin, index: int) -> FirstNonfinite:
    call, cause = origin.call, origin.cause
    return {
        "phase": origin.phase,
        "what": origin.what,
        "module": call.module,
        "op": call.op,
        "where": call.where or None,
        "call": index if index >= 0 else None,
        "tensor": origin.tensor,
        "cause": None if cause is None else {"op": cause.call.op, "where": cause.call.where or None},
        "text": None,
    }
