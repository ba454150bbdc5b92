"""Whether a tensor holds NaN or infinity, asked of every operation's result and so as cheaply as can be."""

from __future__ import annotations

from cmath import isfinite
from typing import Literal

import torch
from torch import Tensor

from ..tensors.distributed import local_part, why_not_local

LARGEST = 2**22
"""Elements beyond which a result is not looked at: the sum would be felt."""


def nonfinite_in(tensor: Tensor) -> Literal["NaN", "infinity"] | None:
    """What `tensor` holds of the two, NaN first; None when all is finite or it cannot be told.

    One sum tells for almost every tensor: it is finite only if all elements are.  Draws no random number and leaves
    no trace in the graph or in the tensor's version.
    """
    if type(tensor) is not Tensor:
        tensor = local_part(tensor)
        if why_not_local(tensor):
            return None
    dtype = tensor.dtype
    if not (dtype.is_floating_point or dtype.is_complex) or tensor.is_meta or tensor.layout is not torch.strided:
        return None
    try:
        if not 0 < tensor.numel() <= LARGEST:
            return None
        values = tensor.detach() if tensor.requires_grad else tensor
        if isfinite(values.sum().item()):
            return None
        if values.isnan().any().item():
            return "NaN"
        return "infinity" if values.isinf().any().item() else None
    except Exception:  # dtypes without a sum, tensors within a transform; a foreign subclass raises what it likes
        return None
