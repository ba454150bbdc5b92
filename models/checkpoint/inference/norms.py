"""Rules for normalisation, and other layers whose tensors are vectors."""

from __future__ import annotations

import re

from .facts import Inferred, Module, bounded_text, of_width

_NORM = re.compile(r".*norm|ln|.*_ln|ln_.*|ln[0-9f].*|.*rms.*")
_SAYS = (
    (re.compile(r".*rms"), "RMSNorm"),
    (re.compile(r".*group_?norm|gn[\d_]*\Z|.*_gn\Z"), "GroupNorm"),
    (re.compile(r".*instance_?norm"), "InstanceNorm"),
    (re.compile(r".*batch_?norm|bn[\d_]*\Z|.*_bn\Z"), "BatchNorm"),
    (re.compile(r".*layer_?norm|ln|.*_ln\Z"), "LayerNorm"),
    (re.compile(r".*norm"), "Norm"),
)
_SCALES = re.compile(r".*prelu|act|.*scale|.*gate|.*activation")


def normed(module: Module) -> Inferred | None:
    """Infer a normalisation: BatchNorm by its running statistics, others by one or two vectors; None for any other."""
    own = module.own
    mean = module.tensor("running_mean", 1)
    if mean is not None:
        variance = module.tensor("running_var", 1)
        return of_width("BatchNorm", mean.shape[0]) if variance is not None and variance.shape == mean.shape else None
    if own.keys() == {"gamma", "beta"}:
        weight, bias = module.tensor("gamma", 1), module.tensor("beta", 1)
    elif own.keys() <= {"weight", "bias"}:
        weight, bias = module.tensor("weight", 1), own.get("bias")
    else:
        return None
    if weight is None or not weight.is_real or (bias is not None and bias.shape != weight.shape):
        return None
    width = weight.shape[0]
    if bias is None:
        return _alone(module.name, width)
    return of_width(next((kind for says, kind in _SAYS if says.match(module.name)), "LayerNorm"), width)


def _alone(name: str, width: int) -> Inferred | None:
    if _NORM.match(name) or (width > 1 and not _SCALES.match(name)):
        return of_width("RMSNorm", width)
    return of_width("PReLU", width) if "prelu" in name or width == 1 else None


def vectors(module: Module) -> Inferred | None:
    """Infer rotary embeddings, layer scale or a relative position bias; None for any other module."""
    own = module.own
    if own.keys() in ({"inv_freq"}, {"freqs"}, {"inv_freq", "original_inv_freq"}) and not module.names:
        tensor = next(iter(own.values()))
        return of_width("RotaryEmbedding", 2 * tensor.shape[0]) if len(tensor.shape) == 1 else None
    if own.keys() in ({"gamma"}, {"lambda1"}, {"scale"}) and re.match(r"ls\d*\Z|layer_?scale|drop_path", module.name):
        tensor = next(iter(own.values()))
        return of_width("LayerScale", tensor.shape[0]) if len(tensor.shape) == 1 else None
    if own.keys() == {"relative_position_bias_table"} and not module.names:
        tensor = own["relative_position_bias_table"]
        return Inferred(
            "RelativePositionBias", bounded_text(f"RelativePositionBias {'×'.join(map(str, tensor.shape))}")
        )
    return None
