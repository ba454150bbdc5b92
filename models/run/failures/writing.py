"""Operations that write in place where that cannot be: into a parameter, one of several views, repeated elements."""

from __future__ import annotations

import re

from torch import Tensor

from ..gradients.anew import assigned_anew, computed_anew
from ..trace.lines import line_text
from .failed_call import FailedCall
from .words import dtype, sizes

_OF_LEAF = re.compile(r"a (view of a )?leaf Variable that requires grad is being used in an in-place operation")
_NAMES = {"Float": "float32", "Double": "float64", "Half": "float16", "Long": "int64", "Int": "int32"}
"""What torch's errors call some dtypes."""
_CLONE = "write into a `.clone()` of it"


def hint(failed: FailedCall) -> str:
    """Return into what an operation cannot write, with what mends it; empty for anything else."""
    message = failed.message
    if "in inference mode" in message.lower() or "inference tensor" in message.lower():
        return _of_inference(failed)
    written = failed.tensor(0, "input", "self")
    if written is None or not failed.is_operation:
        return ""
    if (leaf := _OF_LEAF.search(message)) is not None:
        return _into_leaf(failed, written, is_part=bool(leaf[1]))
    if "a function that returns multiple views" in message:
        return (
            f"{failed.name} writes into one of the tensors{failed.given(written)}, views of one whole: {_anew(failed)}"
        )
    if "view was created in no_grad mode" in message or "view was created in inference mode" in message:
        said = f"{failed.name} writes into a view{failed.given(written)} that was made with gradients switched off"
        return f"{said}: make the view where they are on, or {_CLONE}"
    if "refers to a single memory location" in message:
        said = f"{failed.name} writes into {sizes(written.shape)}{failed.given(written)}, which repeats its elements"
        return f"{said}: `.clone()` of it before that fits"
    return _of_dtype(failed, written)


def _into_leaf(failed: FailedCall, written: Tensor, is_part: bool) -> str:
    maker = failed.maker(written)
    path = "" if maker is None else maker.path
    base = written._base if is_part and not path else None
    if base is not None and (maker := failed.maker(base)) is not None:
        path = maker.path
    what = f"`{path}`" if path else f"a tensor of {sizes(written.shape)} that requires a gradient"
    into = f"a part of {what}" if is_part else what
    if is_part:
        mend = f"write into `{path}.clone()`" if path else _CLONE
    else:
        computed = computed_anew(line_text(failed.call.where))
        mend = f"`{computed}` gives a new tensor" if computed else _anew(failed)
    said = f"{failed.name} writes into {into}, which would change what is trained while the graph is recorded"
    return f"{said}: {mend}; within `torch.no_grad()` it may be changed, and what is not learnt is a buffer"


def _anew(failed: FailedCall) -> str:
    """Return what gives a new tensor in place of writing."""
    assigned = assigned_anew(line_text(failed.call.where))
    if assigned:
        return assigned
    plain = failed.op.removesuffix("_")
    if plain != failed.op and not plain.endswith("_") and hasattr(Tensor, plain):
        return f"`{plain}` in its place gives a new tensor"
    return _CLONE


def _of_dtype(failed: FailedCall, written: Tensor) -> str:
    found = re.search(r"result type (\w+) can't be cast to the desired output type (\w+)", failed.message)
    if found is None or not failed.op.endswith("_"):
        return ""
    kind = _NAMES.get(found[1], found[1].lower())
    said = f"{failed.name} gives {kind}, which {dtype(written.dtype)}{failed.given(written)} cannot hold"
    return f"{said}: {_anew(failed)}"


def _of_inference(failed: FailedCall) -> str:
    arguments = [*failed.args, *failed.kwargs.values()]
    made = next((each for each in arguments if isinstance(each, Tensor) and each.is_inference()), None)
    if made is None:
        return ""
    maker = failed.maker(made)
    what = f"`{maker.path}`" if maker is not None and maker.path else f"{sizes(made.shape)}{failed.given(made)}"
    said = f"{failed.name} got {what}, which was made within `torch.inference_mode()`"
    return f"{said}: `torch.no_grad()` in its place, or `.clone()` of it here, fits"
