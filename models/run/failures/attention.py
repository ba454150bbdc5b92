"""Attention: another number of features, dimensions in another order, masks of another shape."""

from __future__ import annotations

from torch import Tensor, nn

from .broadcasting import broadcast
from .failed_call import FailedCall
from .words import counted, sizes

_MODEL_WIDTH = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


def hint(failed: FailedCall) -> str:
    """Return why attention failed, of `nn.MultiheadAttention` with what fits; empty for anything else."""
    if failed.op == "scaled_dot_product_attention":
        return _of_products(failed)
    layer = failed.module
    if failed.op != "multi_head_attention_forward" or not isinstance(layer, nn.MultiheadAttention):
        return ""
    query, key, value = failed.tensor(0, "query"), failed.tensor(1, "key"), failed.tensor(2, "value")
    if query is None or key is None or value is None or {query.dim(), key.dim(), value.dim()} - {2, 3}:
        return ""
    return _features(failed, layer, query, key, value) or _order(failed, layer, query, key)


def _of_products(failed: FailedCall) -> str:
    """Return which two of query, key, value and mask do not go together."""
    names = ("query", "key", "value", "attn_mask")
    query, key, value, mask = (failed.tensor(index, name) for index, name in enumerate(names))
    if query is None or key is None or value is None or min(query.dim(), key.dim(), value.dim()) < 2:
        return ""
    grouped = bool(failed.argument(7, "enable_gqa"))
    pairs = ((query, "query", key, "key", -1), (key, "key", value, "value", -2))
    for one, its, other, others, at in pairs:
        said = f"the {its} of {failed.name} is {sizes(one.shape)}{failed.given(one)}, the {others} {sizes(other.shape)}"
        said += failed.given(other)
        if one.shape[at] != other.shape[at]:
            what = "features" if at == -1 else "length"
            return f"{said}: their {what}, {one.shape[at]:,} and {other.shape[at]:,}, have to be the same"
        if not grouped and broadcast(one.shape[:-2], other.shape[:-2]) is None:
            return f"{said}: their first dimensions do not go together"
    expected = [*query.shape[:-1], key.shape[-2]]
    if mask is not None and broadcast(mask.shape, expected) != expected:
        said = f"the mask of {failed.name} is {sizes(mask.shape)}{failed.given(mask)}"
        return f"{said}, and the scores are {sizes(expected)}: it has to go together with these"
    return ""


def _features(failed: FailedCall, layer: nn.MultiheadAttention, query: Tensor, key: Tensor, value: Tensor) -> str:
    wanted, got = layer.embed_dim, query.shape[-1]
    if got != wanted:
        said = f"{failed.name} expects {counted(wanted, 'feature')}, got {got:,}{failed.given(query)}"
        if not failed.is_alone or {key.shape[-1], value.shape[-1]} != {got} or {layer.kdim, layer.vdim} != {wanted}:
            return said
        if got % layer.num_heads:
            return f"{said}, which {counted(layer.num_heads, 'head')} cannot share equally"
        return f"{said}: `{_width_name(failed)}={got}` fits"
    for what, tensor, width in (("key", key, layer.kdim), ("value", value, layer.vdim)):
        if tensor.shape[-1] != width:
            said = f"the {what} of {failed.name} has {counted(tensor.shape[-1], 'feature')}{failed.given(tensor)}"
            said += f", and {width:,} are expected"
            if not failed.may_change:
                return said
            return f"{said}: `kdim={key.shape[-1]}` and `vdim={value.shape[-1]}` fit"
    return ""


def _width_name(failed: FailedCall) -> str:
    """Return by which argument a user sets the width: a layer of torch's around it takes it as `d_model`."""
    return "d_model" if isinstance(failed.holder, _MODEL_WIDTH) else "embed_dim"


def _order(failed: FailedCall, layer: nn.MultiheadAttention, query: Tensor, key: Tensor) -> str:
    """Return that batch and time are the other way round, where the shapes show it."""
    if layer.batch_first or query.dim() != 3 or key.dim() != 3:
        return ""
    read = f"{failed.name} reads {sizes(query.shape)} as [time, batch, features]"
    mend = "`batch_first=True` fits, where dimension 0 is the batch"
    if query.shape[1] != key.shape[1]:
        said = f"{read}, and key {sizes(key.shape)} has another batch"
        return f"{said}: {mend}" if query.shape[0] == key.shape[0] else said
    mask, padding = failed.kwargs.get("attn_mask"), failed.kwargs.get("key_padding_mask")
    time, batch = query.shape[:2]
    if isinstance(mask, Tensor) and mask.dim() == 2 and list(mask.shape) != [time, key.shape[0]]:
        said = f"{read}, for which a mask is [{time}, {key.shape[0]}], got {sizes(mask.shape)}"
        return f"{said}: {mend}" if list(mask.shape) == [batch, batch] and time == key.shape[0] else said
    if isinstance(padding, Tensor) and list(padding.shape) != [batch, key.shape[0]]:
        said = f"{read}, for which a padding mask is [{batch}, {key.shape[0]}], got {sizes(padding.shape)}"
        return f"{said}: {mend}" if list(padding.shape) == [key.shape[0], batch] else said
    return ""
