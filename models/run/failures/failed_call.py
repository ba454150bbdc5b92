"""The call that ended a run, as the families of causes ask about it: arguments, module, who made what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import FrameType
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import Module

from ...live.live_tree import LiveTree
from ..trace.calls import Call, shape_as_text
from ..trace.frame import first_line
from ..trace.operations import operation_name
from ..trace.record import Maker, Trace
from ..trace.recorder import Recorder
from ..trace.shapes import arguments_in, shapes_of
from ..trace.where import where_raised

_OPERATION = Recorder.__torch_function__.__code__
_MODULE_CALL = Module._call_impl.__code__
RESHAPES = {
    "flatten": "flattened", "Flatten": "flattened", "view": "viewed", "reshape": "reshaped", "squeeze": "squeezed",
    "unsqueeze": "with a dimension more", "transpose": "transposed", "permute": "permuted", "movedim": "permuted",
}  # fmt: skip
"""Operations that only change how elements lie, and what is said of what they were given."""


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The innermost call that failed, with its arguments as they still are while what it raised is handled."""

    error: BaseException
    call: Call
    """Its row: a module's, or an operation's."""
    module: nn.Module | None
    """The module that was called, or in which the operation ran; None where it is not known."""
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    trace: Trace
    tree: LiveTree

    @property
    def op(self) -> str:
        """Return the operation's name; of a module its class."""
        return self.call.op

    @property
    def is_operation(self) -> bool:
        """Return whether an operation failed, and not the code of a module between its operations."""
        return self.call.kind == "operation"

    @property
    def message(self) -> str:
        """Return what the exception says; empty where it cannot be read."""
        try:
            return str(self.error)
        except (Exception, SystemExit):  # of a class of the user's
            return ""

    def argument(self, index: int, *names: str) -> Any:
        """Return the argument at a position, or by one of its names; None where it was not given."""
        if index < len(self.args):
            return self.args[index]
        return next((self.kwargs[name] for name in names if name in self.kwargs), None)

    def tensor(self, index: int, *names: str) -> Tensor | None:
        """Return the same where it is a tensor; else None."""
        found = self.argument(index, *names)
        return found if isinstance(found, Tensor) else None

    @property
    def name(self) -> str:
        """Return what the failed layer is called, `` `proj` `` or `the network`; in a user's own code the operation."""
        if self.is_operation and not is_layer(self.module):
            return f"`{self.op}`" + (f" at {self.call.where}" if self.call.where else "")
        return f"`{self.call.module}`" if self.call.module else "the network"

    def maker(self, tensor: object) -> Maker | None:
        """Return who made a tensor that the call was given; None where that is not known."""
        if not isinstance(tensor, Tensor) or self.trace.maker_of is None:
            return None
        return self.trace.maker_of(tensor)

    def given(self, tensor: Tensor) -> str:
        """Return who made a tensor, to stand behind what is said of it: `` from `flat` ([1, 16, 2, 2] flattened)``."""
        maker = self.maker(tensor)
        if maker is None:
            return ""
        if maker.is_input:
            return " from the network's input"
        if maker.path:
            return f" from `{maker.path}`"
        if maker.call is None:
            return ""
        call = maker.call.row_of()
        source = call.module if call.kind == "module" else call.op
        place = f" at {call.where}" if call.kind == "operation" and call.where else ""
        how = RESHAPES.get(call.op)
        came = f" ({shape_as_text(call.inputs[0])} {how})" if how and call.inputs else ""
        return f" from `{source or call.op}`{place}{came}"

    def is_input(self, tensor: Tensor) -> bool:
        """Return whether a tensor is one that the network was given."""
        maker = self.maker(tensor)
        return maker is not None and maker.is_input

    def shape_before(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the shape of what a tensor was reshaped from; None where it was not just reshaped."""
        maker = self.maker(tensor)
        call = None if maker is None or maker.call is None else maker.call.row_of()
        if call is None or call.op not in RESHAPES or not call.inputs:
            return None
        before = call.inputs[0]
        is_plain = isinstance(before, tuple) and all(isinstance(size, int) for size in before)
        return tuple(before) if is_plain and prod(before) == tensor.numel() else None  # type: ignore[arg-type]

    @property
    def holder(self) -> nn.Module | None:
        """Return the module that holds the failed one; None for the network, and where it is not known."""
        path = self.call.module
        node = self.tree.at(path.rpartition(".")[0]) if path else None
        return node.item if node is not None and isinstance(node.item, nn.Module) else None

    @property
    def may_change(self) -> bool:
        """Return whether a user can give the failed layer other sizes, and nothing else breaks by that."""
        return self.is_alone and not is_layer(self.holder)

    @property
    def is_alone(self) -> bool:
        """Return whether the failed layer's sizes matter here only: it did not run before and shares no weights."""
        path = self.call.module
        node = self.tree.at(path)
        if self.module is None or node is None or node.shared_with:
            return False
        if any(below.shared_with for below in self.tree.tensors_below(node)):
            return False
        rows = self.trace.calls
        return not any(row.module == path and row.kind == "module" and row.output is not None for row in rows)


def is_layer(module: nn.Module | None) -> bool:
    """Return whether a module is a layer of torch's own, or of a class made from one."""
    if module is None:
        return False
    plain = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
    return any(kind.__module__.startswith("torch.nn.") and kind not in plain for kind in type(module).__mro__)


def failed_call(error: BaseException, trace: Trace, tree: LiveTree) -> FailedCall | None:
    """Return the call that raised `error`, read from the frames that are still there; None where no call did."""
    call = trace.failed or _outside(error)
    if call is None:
        return None
    node = tree.at(call.module) if call is trace.failed else None
    module = node.item if node is not None and isinstance(node.item, nn.Module) else None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}
    for frame in _frames(error):
        names = frame.f_locals
        if call.kind == "operation":
            is_it = frame.f_code is _OPERATION and call.op in (names.get("name"), operation_name(names["func"]))
        else:
            is_it = frame.f_code is _MODULE_CALL and names.get("self") is module
        if is_it:
            args, kwargs = names["args"], names["kwargs"] or {}
    return FailedCall(error, call, module, args, kwargs, trace, tree)


def _outside(error: BaseException) -> Call | None:
    """Return the operation outside of the network that raised `error`, at the line of the user's that called it."""
    for frame in _frames(error):
        names = frame.f_locals
        if frame.f_code is _OPERATION and names.get("name") is None and (name := operation_name(names["func"])):
            line = where_raised(error.__traceback__)
            inputs = shapes_of(arguments_in(names["args"], names["kwargs"] or {}))
            return Call(
                module="", op=name, kind="operation", depth=0, inputs=inputs, where=line, failed=first_line(error)
            )
    return None


def _frames(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames that an exception went through, and then those of what it was raised from."""
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            return
        trace = seen.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
