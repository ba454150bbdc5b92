"""Batch, layer, group and instance normalisation: another number of features or dimensions, one value a channel."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _LazyNormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from .failed_call import FailedCall
from .words import counted, sizes

_BATCH_NORMS = {2: "BatchNorm1d", 3: "BatchNorm1d", 4: "BatchNorm2d", 5: "BatchNorm3d"}


def hint(failed: FailedCall) -> str:
    """Return why a normalisation failed, with what fits; empty for anything else."""
    given = failed.tensor(0, "input")
    if given is None:
        return ""
    if isinstance(failed.module, _BatchNorm) and not isinstance(failed.module, _LazyNormBase):
        return _batch_norm(failed, given, failed.module)
    if failed.op in ("layer_norm", "rms_norm"):
        return _layer_norm(failed, given)
    if failed.op == "group_norm":
        return _group_norm(failed, given)
    if isinstance(failed.module, _InstanceNorm) and not isinstance(failed.module, _LazyNormBase):
        return _instance_norm(failed, given, failed.module)
    return ""


def _batch_norm(failed: FailedCall, given: Tensor, layer: _BatchNorm) -> str:
    if not failed.is_operation:
        return _dimensions(failed, given, layer)
    if given.dim() < 2:
        return ""
    features = layer.num_features
    if given.shape[1] != features:
        return _features(failed, given, features, "num_features", isinstance(layer, nn.BatchNorm1d))
    if layer.training and given.numel() == features:
        said = f"{failed.name} has one value of each feature in {sizes(given.shape)}{failed.given(given)}"
        return f"{said}, which has no variance: a batch of 2 or more fits, or `.eval()`"
    return ""


def _dimensions(failed: FailedCall, given: Tensor, layer: _BatchNorm) -> str:
    for kind, dimensions in ((nn.BatchNorm1d, (2, 3)), (nn.BatchNorm2d, (4,)), (nn.BatchNorm3d, (5,))):
        if type(layer) is kind and given.dim() not in dimensions:
            takes = " or ".join(map(str, dimensions))
            said = f"{failed.name}, a {kind.__name__}, takes {takes} dimensions, got {sizes(given.shape)}"
            said += failed.given(given)
            other = _BATCH_NORMS.get(given.dim())
            fits = other is not None and given.shape[1] == layer.num_features and failed.may_change
            return f"{said}: `nn.{other}({layer.num_features})` fits" if fits else said
    return ""


def _features(failed: FailedCall, given: Tensor, wanted: int, name: str, is_sequence: bool) -> str:
    got = given.shape[1]
    said = f"{failed.name} expects {counted(wanted, 'feature')} in dimension 1, got {got:,}{failed.given(given)}"
    if is_sequence and given.dim() == 3 and given.shape[2] == wanted:
        return f"{said}; dimension 2 of {sizes(given.shape)} is {wanted:,}: `.transpose(1, 2)` before it fits"
    return f"{said}: `{name}={got}` fits" if failed.may_change else said


def _layer_norm(failed: FailedCall, given: Tensor) -> str:
    wanted = failed.argument(1, "normalized_shape")
    if not isinstance(wanted, (tuple, list)) or not wanted:
        return ""
    shape = [int(each) for each in wanted]
    got = list(given.shape[-len(shape) :])
    if got == shape:
        return ""
    expects = f"a last dimension of {shape[0]:,}" if len(shape) == 1 else f"last dimensions of {sizes(shape)}"
    said = f"{failed.name} expects {expects}, got {sizes(given.shape)}{failed.given(given)}"
    if not isinstance(failed.module, (nn.LayerNorm, nn.RMSNorm)) or len(got) < len(shape):
        return said
    if len(shape) == 1 and given.dim() > 2 and given.shape[1] == shape[0]:
        return f"{said}, whose dimension 1 is {shape[0]:,}: `.movedim(1, -1)` before it fits"
    mend = sizes(got) if len(got) > 1 else str(got[0])
    return f"{said}: `normalized_shape={mend}` fits" if failed.may_change else said


def _group_norm(failed: FailedCall, given: Tensor) -> str:
    layer, groups = failed.module, failed.argument(1, "num_groups")
    if not isinstance(layer, nn.GroupNorm) or given.dim() < 2 or not isinstance(groups, int):
        return ""
    got = given.shape[1]
    if got == layer.num_channels:
        return ""
    said = f"{failed.name} expects {counted(layer.num_channels, 'channel')} in dimension 1, got {got:,}"
    said += failed.given(given)
    if got % groups:
        return f"{said}, which {counted(groups, 'group')} cannot share equally"
    return f"{said}: `num_channels={got}` fits" if failed.may_change else said


def _instance_norm(failed: FailedCall, given: Tensor, layer: _InstanceNorm) -> str:
    batched = {nn.InstanceNorm1d: 3, nn.InstanceNorm2d: 4, nn.InstanceNorm3d: 5}.get(type(layer))
    if given.dim() < 3 or (not failed.is_operation and given.dim() != batched):
        return ""
    if given.shape[1] != layer.num_features and layer.affine:
        return _features(failed, given, layer.num_features, "num_features", False)
    if prod(given.shape[2:]) == 1 and given.shape[1] == layer.num_features:
        said = f"{failed.name} has one value of each channel in {sizes(given.shape)}{failed.given(given)}"
        return f"{said}, which has no variance: an input of more than 1 element a channel fits"
    return ""
