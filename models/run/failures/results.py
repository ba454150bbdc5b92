"""A layer that was given what is no tensor: what another module returned, nothing or a tuple; a module; an array."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import takewhile

from torch import Tensor, nn

from ..trace.calls import Call, Several, shape_as_text
from .failed_call import FailedCall, is_layer
from .words import sizes


def hint(failed: FailedCall) -> str:
    """Return which module gave no tensor, with what mends it; empty for anything else."""
    if not isinstance(failed.error, (TypeError, AttributeError)):
        return ""
    if is_layer(failed.module) and failed.args:
        given = failed.args[0]
        if given is None:
            return _nothing(failed)
        if isinstance(given, nn.Module):
            return _module(failed, given)
        if type(given).__module__ == "numpy" and type(given).__name__ == "ndarray":
            return f"{failed.name} takes a tensor, got an array of NumPy: `torch.from_numpy(…)` of it fits"
        if isinstance(given, tuple) and given and isinstance(given[0], Tensor):
            return _tuple(failed, given)
    if isinstance(failed.error, AttributeError) and "'NoneType' object has no attribute" in failed.message:
        return _nothing(failed)
    return ""


def _before(failed: FailedCall) -> Call | None:
    """Return the call of the module that ran last before, in the same code; None where none did."""
    level = failed.call.depth - failed.is_operation + (not is_layer(failed.module))
    for row in reversed(failed.trace.calls):
        if row.depth < level:
            return None
        if row.kind == "module" and row.depth == level and not row.failed:
            return row
    return None


def _last_within(failed: FailedCall, call: Call) -> Call:
    """Return the last call within that of a `Sequential`, which gives what that gives; another call itself."""
    node = failed.tree.at(call.module)
    if node is None or type(node.item) is not nn.Sequential:
        return call
    rows = failed.trace.calls[call.index + 1 :]
    within = [row for row in takewhile(lambda row: row.depth > call.depth, rows) if row.depth == call.depth + 1]
    return _last_within(failed, within[-1]) if within else call


def _module(failed: FailedCall, given: nn.Module) -> str:
    """Return that a layer was given on and not called, or was given its input where it takes settings."""
    node = next((node for node in failed.tree.modules() if node.item is given), None)
    name = type(given).__name__
    if node is not None and node.path:
        call = node.path.rpartition(".")[2]
        mend = f"`{call}(…)` calls it" if call.isidentifier() else "calling it gives a tensor"
        return f"{failed.name} takes a tensor, got the module `{node.path}` ({name}) itself: {mend}"
    return f"{failed.name} takes a tensor, got a new {name} itself: `{name}()(…)` makes the layer and calls it"


def _nothing(failed: FailedCall) -> str:
    before = _before(failed)
    before = before if before is None else _last_within(failed, before)
    node = None if before is None else failed.tree.at(before.module)
    if before is None or before.output is not None or node is None or not isinstance(node.item, nn.Module):
        return ""
    if not _returns_nothing(type(node.item).forward):
        return ""
    name = type(node.item).__name__
    return f"`{before.module}` returned nothing: the forward of {name} has no `return` with a value"


def _returns_nothing(forward: object) -> bool:
    """Return whether no `return` of a function gives anything, by its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))  # type: ignore[arg-type]
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        return False
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, (ast.Yield, ast.YieldFrom)) or (isinstance(node, ast.Return) and node.value is not None):
            return False
        pending += ast.iter_child_nodes(node)
    return True


def _tuple(failed: FailedCall, given: tuple[object, ...]) -> str:
    before = _before(failed)
    shapes = [sizes(each.shape) if isinstance(each, Tensor) else "" for each in given]
    returned = before.output if before is not None else None
    if before is None or not isinstance(returned, Several) or len(returned) != len(given):
        return ""
    if shape_as_text(returned[0]) != shapes[0]:
        return ""
    said = f"`{before.module}` ({before.op}) returns a tuple of {len(given)}, and {failed.name} takes a tensor"
    return f"{said}: pass its first on, {shapes[0]}, as in `output, *_ = …`"
