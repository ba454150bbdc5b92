"""How a layer of `torch.nn` initialises its parameters when it is built, with the concrete range.

Each rule follows the layer's own `reset_parameters`, or `__init__`, of which Kaiming uniform is He et al. 2015
(arXiv:1502.01852) and Xavier uniform Glorot & Bengio 2010; the tests draw from the layers and compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...tensors.tensors import is_uninitialised

if TYPE_CHECKING:
    from ..live_tree import LiveTree, Node

Rule = Callable[[nn.Module, str, Tensor], str | None]
"""Takes a module, a parameter's name and the parameter; returns how it is initialised, None where unknown."""

_TORCH_RESETS = ("reset_parameters", "_reset_parameters")


def default_initialiser(module: nn.Module, name: str, within: Iterable[nn.Module] = ()) -> str | None:
    """Return how `module`'s own parameter `name` is initialised by default: `uniform(-0.5, 0.5): ±1/√in_features`.

    `within` are the modules around it: `nn.Transformer` draws every matrix below it anew.  None for unknown layers,
    for lazy parameters, and for subclasses with a `reset_parameters` of their own.
    """
    tensor = module._parameters.get(name)
    if tensor is None or is_uninitialised(tensor):
        return None
    if tensor.dim() > 1 and any(isinstance(outer, nn.Transformer) for outer in within):
        return f"{_xavier(tensor)}, drawn anew by the nn.Transformer around it"
    for kind, rule in _RULES:
        if isinstance(module, kind):
            return None if _resets_itself(type(module)) else rule(module, name, tensor)
    return None


def initialiser_of(tree: LiveTree, node: Node) -> str:
    """Return how the parameter at `node` is initialised by default; empty where unknown, and for other tensors."""
    modules, above = [], node
    while above.index:
        above = tree.holder(above)
        if isinstance(above.item, nn.Module):
            modules.append(above.item)
    if node.kind != "parameter" or node.plain or not modules:
        return ""
    return default_initialiser(modules[0], node.attribute, within=modules[1:]) or ""


def _resets_itself(kind: type[nn.Module]) -> bool:
    """Return whether a class outside torch redefines how its parameters are initialised."""
    for base in kind.__mro__:
        if any(name in vars(base) for name in _TORCH_RESETS):
            return not base.__module__.startswith("torch.")
    return False


def _uniform(bound: float, why: str) -> str:
    return f"uniform(-{bound:.6g}, {bound:.6g}): {why}"


def _one_over_root(size: int, why: str) -> str:
    """Return the rule for ±1/√size; torch leaves zeros where the size is 0."""
    return _uniform(1 / math.sqrt(size), f"±1/√{why}") if size > 0 else "zeros: there is nothing to draw a range from"


def _linear(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if not isinstance(module, nn.Linear):
        return None
    if name == "weight":
        return _one_over_root(tensor.shape[1], "in_features (Kaiming uniform with a=√5)")
    weight = module._parameters.get("weight")  # `module.weight` may be computed, and change something (spectral_norm)
    size = module.in_features if weight is None else weight.shape[1]
    return _one_over_root(size, "in_features") if name == "bias" else None


def _attention_output(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if name == "bias":
        return "zeros: MultiheadAttention clears the bias of its output layer"
    return _linear(module, name, tensor)


def _convolution(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    weight = module._parameters.get("weight")
    if weight is None or name not in ("weight", "bias"):
        return None
    fan_in = math.prod(weight.shape[1:])
    what = "fan_in, the elements of weight[0]"
    return _one_over_root(fan_in, f"{what} (Kaiming uniform with a=√5)" if name == "weight" else what)


def _bilinear(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    weight = module._parameters.get("weight")
    if weight is None or name not in ("weight", "bias"):
        return None
    return _one_over_root(weight.shape[1], "in1_features")


def _recurrent(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if not isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return None
    return _one_over_root(module.hidden_size, "hidden_size")


def _embedding(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if name != "weight" or not isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return None
    padding = module.padding_idx
    return "normal(0, 1)" if padding is None else f"normal(0, 1), then row {padding} (padding_idx) zeros"


def _scale_and_shift(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    return {"weight": "ones: the scale", "bias": "zeros: the shift"}.get(name)


def _prelu(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if name != "weight" or not isinstance(module, nn.PReLU):
        return None
    return f"constant {module.init:g}: the slope for negative inputs"


def _attention(module: nn.Module, name: str, tensor: Tensor) -> str | None:
    if name == "in_proj_bias":
        return "zeros"
    if name in ("bias_k", "bias_v"):
        return f"normal(0, {1 / math.sqrt(tensor.shape[2]):.6g}): a standard deviation of 1/√embed_dim (Xavier normal)"
    return _xavier(tensor) if name.endswith("_weight") else None


def _xavier(tensor: Tensor) -> str:
    fans = (tensor.shape[0] + tensor.shape[1]) * math.prod(tensor.shape[2:])
    return _uniform(math.sqrt(6 / fans), "±√(6/(fan_in+fan_out)) (Xavier uniform)")


_NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
_RULES: list[tuple[type[nn.Module] | tuple[type[nn.Module], ...], Rule]] = [
    (nn.modules.linear.NonDynamicallyQuantizableLinear, _attention_output),
    (nn.Linear, _linear),
    (nn.modules.conv._ConvNd, _convolution),
    (nn.Bilinear, _bilinear),
    ((nn.RNNBase, nn.RNNCellBase), _recurrent),
    ((nn.Embedding, nn.EmbeddingBag), _embedding),
    (_NORMALISATIONS, _scale_and_shift),
    (nn.PReLU, _prelu),
    (nn.MultiheadAttention, _attention),
]
