"""Operands of different dtypes, which most layers refuse."""

from __future__ import annotations

import re

from torch import Tensor, nn

from .failed_call import FailedCall, is_layer
from .words import dtype

_SAME = frozenset((
    "linear", "bilinear", "matmul", "mm", "bmm", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell",
    "rnn_relu_cell", "multi_head_attention_forward", "scaled_dot_product_attention", "layer_norm", "batch_norm",
    "group_norm", "rms_norm", "addmm", "dot", "mv", "einsum",
))  # fmt: skip
"""Operations whose operands have to be of one dtype."""
_ABOUT = re.compile(r"\b(d?types?)\b")
"""In what torch says of it."""


def hint(failed: FailedCall) -> str:
    """Return which two dtypes met, with the conversion that fits; empty for anything else."""
    given = failed.tensor(0, "input", "query", "self")
    if given is None or not (failed.op in _SAME or isinstance(failed.module, nn.RNNBase)):
        return ""
    if not _ABOUT.search(failed.message):
        return ""  # some of them take several dtypes, and so does everything under autocast
    own = _own(failed)
    if own is not None:
        if own.dtype == given.dtype or not own.is_floating_point() or given.is_complex():
            return ""
        said = f"{failed.name} has weights of {dtype(own.dtype)}, got {dtype(given.dtype)}{failed.given(given)}"
        return f"{said}: `.to(torch.{dtype(own.dtype)})` before it fits"
    other = failed.tensor(1, "other", "mat2", "weight", "key")
    if other is None or other.dtype == given.dtype or given.is_complex() or other.is_complex():
        return ""
    said = f"{failed.name} of {dtype(given.dtype)}{failed.given(given)} and {dtype(other.dtype)}{failed.given(other)}"
    if given.is_floating_point() and not other.is_floating_point():
        return f"{said}: `.to(torch.{dtype(given.dtype)})` of the second fits"
    if other.is_floating_point() and not given.is_floating_point():
        return f"{said}: `.to(torch.{dtype(other.dtype)})` of the first fits"
    return f"{said}: they have to be of one dtype, by `.to(...)` of one of them"


def _own(failed: FailedCall) -> Tensor | None:
    """Return the first floating-point weight of the layer that failed; None where it is no layer with weights."""
    layer = failed.module
    if layer is None or not is_layer(layer):
        return None
    return next((each for each in layer._parameters.values() if isinstance(each, Tensor)), None)
