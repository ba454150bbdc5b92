"""A line that takes apart into several names what has more or fewer parts: a shape, or what `chunk` gave."""

from __future__ import annotations

import ast
import linecache
from types import TracebackType

from torch import Tensor

from ..trace.calls import Several
from .failed_call import FailedCall
from .words import counted, sizes

_PARTS = ("chunk", "split", "unbind", "split_with_sizes", "tensor_split", "unsafe_chunk", "unsafe_split")


def hint(failed: FailedCall) -> str:
    """Return which shape or tuple has other parts than there are names for; empty for anything else."""
    if not isinstance(failed.error, ValueError) or "values to unpack" not in failed.message:
        return ""
    trace = failed.error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    found = None if trace is None else _assigned(trace)
    if trace is None or found is None:
        return ""
    names, value = found
    tensor = _whose_shape(value, trace)
    if tensor is not None:
        said = f"{counted(names, 'name')} for `{ast.unparse(value)}`, which is {sizes(tensor.shape)}"
        return f"{said}{failed.given(tensor)}: it has {counted(tensor.dim(), 'dimension')}"
    rows = failed.trace.calls
    last = rows[-1] if rows else None
    if last is None or last.op not in _PARTS or not last.where.endswith(f":{trace.tb_lineno}"):
        return ""
    if not isinstance(last.output, Several) or len(last.output) == names:
        return ""
    return (
        f"{counted(names, 'name')} for the {counted(len(last.output), 'part')} that `{last.op}` at {last.where} gives"
    )


def _assigned(trace: TracebackType) -> tuple[int, ast.expr] | None:
    """Return how many names the line that raised assigns to, and what it takes apart; None where that is not plain."""
    text = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno).strip()
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    found = [each for each in statements if isinstance(each, ast.Assign) and _names(each)]
    return (_names(found[0]), found[0].value) if len(found) == 1 else None


def _names(statement: ast.Assign) -> int:
    """Return to how many names a statement assigns; 0 where it takes nothing apart, or any number of parts."""
    target = statement.targets[0]
    if len(statement.targets) != 1 or not isinstance(target, (ast.Tuple, ast.List)):
        return 0
    return 0 if any(isinstance(each, ast.Starred) for each in target.elts) else len(target.elts)


def _whose_shape(value: ast.expr, trace: TracebackType) -> Tensor | None:
    """Return the tensor of which `value` is the whole shape, as `x.shape` or `x.size()`; None for anything else."""
    if isinstance(value, ast.Call) and not value.args and not value.keywords and isinstance(value.func, ast.Attribute):
        attribute, wanted = value.func, "size"
    elif isinstance(value, ast.Attribute):
        attribute, wanted = value, "shape"
    else:
        return None
    if attribute.attr != wanted or not isinstance(attribute.value, ast.Name):
        return None
    found = trace.tb_frame.f_locals.get(attribute.value.id)
    return found if isinstance(found, Tensor) else None
