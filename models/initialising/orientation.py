"""Which weights are stored [in, out], the other way round than those of `nn.Linear`, as `Conv1D` of transformers does.

`torch.nn.init` takes the second dimension of every matrix for the inputs.  Of such a weight its fan_in is the layer's
fan_out.
"""

from __future__ import annotations

from torch import Tensor, nn

from .scope import Target


def is_stored_transposed(module: nn.Module, name: str) -> bool:
    """Return whether the matrix `name` of a module has its outputs in the second dimension; False where unsure.

    Known by a bias with an element for each column and not for each row, or, where it is square, by the class.  Layers
    of torch itself are never such.
    """
    own = module._parameters
    weight, bias = own.get(name), own.get("bias")
    if type(module).__module__.startswith("torch.") or not isinstance(weight, Tensor) or name != "weight":
        return False
    if weight.dim() != 2 or not weight.shape[1]:
        return False
    rows, columns = weight.shape
    if rows != columns:
        return isinstance(bias, Tensor) and tuple(bias.shape) == (columns,)
    return type(module).__name__ == "Conv1D" and vars(module).get("nf") == columns


def is_turned(target: Target) -> bool:
    """Return whether a target is a weight that is stored [in, out]."""
    return target.role == "weight" and is_stored_transposed(target.holder, target.node.attribute)
