"""A forward that was called with other arguments than it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor

from .failed_call import FailedCall
from .words import sizes

_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def hint(failed: FailedCall) -> str:
    """Return which arguments of a module's forward are missing or too many; empty for anything else."""
    if failed.is_operation or not isinstance(failed.error, TypeError) or failed.module is None:
        return ""
    forward = type(failed.module).forward
    if _was_entered(failed.error, forward):
        return ""  # its own code raised
    signature = inspect.signature(failed.module.forward)
    try:
        signature.bind(*failed.args, **failed.kwargs)
    except TypeError:
        return _said(failed, signature)
    return ""


def _was_entered(error: BaseException, function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return True
        trace = trace.tb_next
    return False


def _said(failed: FailedCall, signature: inspect.Signature) -> str:
    parameters = [each for each in signature.parameters.values() if each.kind in _KINDS]
    names = [each.name for each in parameters if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    filled = {*names[: len(failed.args)], *failed.kwargs}
    missing = [each.name for each in parameters if each.default is inspect.Parameter.empty and each.name not in filled]
    got = ", ".join(
        [_value(each) for each in failed.args] + [f"{name}={_value(each)}" for name, each in failed.kwargs.items()]
    )
    where = f" at {failed.call.where}" if failed.call.where else ""
    said = f"the forward of {failed.name} takes ({_names(signature)}), and was called{where} with ({got})"
    if missing:
        which = " and ".join(f"`{name}`" for name in missing)
        inputs = " ".join(f"--input {name}=SPEC" for name in missing) if not failed.call.module else ""
        return f"{said}: {which} {'is' if len(missing) == 1 else 'are'} missing" + (
            f"; {inputs}, or key I" * bool(inputs)
        )
    unknown = [name for name in failed.kwargs if name not in signature.parameters]
    if unknown:
        return f"{said}: it has no {' and no '.join(f'`{name}`' for name in unknown)}"
    extra = len(failed.args) - len(names)
    return f"{said}: {extra} too many" if extra > 0 else said


def _value(value: object) -> str:
    return sizes(value.shape) if isinstance(value, Tensor) else type(value).__name__


def _names(signature: inspect.Signature) -> str:
    """Return the parameters without their annotations: `x, mask=None`."""
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(inspect.Signature(plain))[1:-1]
