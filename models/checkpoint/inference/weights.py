"""Rules for layers with one weight: linear, embedding, convolution."""

from __future__ import annotations

import re

from .facts import Inferred, Module, OwnTensor, bounded_text, of_sizes, of_width

_EMBEDS = re.compile(
    r"(?:.*[_.]|\A)(?:embed(?:s|ding|dings|ded)?|embeddings?|emb|embd|wte|wpe|lut)(?:[_.\d].*)?\Z"
    r"|(?:tok|token|tokens|pos|position|positions|shared|relative_attention_bias)\Z"
)
_EMBEDS_JOINED = re.compile(r".*[a-z](?:embedding|embeddings)\Z")
_NOT_EMBEDS = re.compile(r"embed_out|unembed|.*embed.*_(?:proj|projection|linear|dense|fc|mlp)")
_TRANSPOSED = re.compile(r".*(?:transpose|deconv|upconv|convt)")
_DEPTHWISE = re.compile(r".*(?:depthwise|dwconv|dw_conv|conv_dw|conv1d)|dw")


def weighted(module: Module) -> Inferred | None:
    """Infer a layer whose tensors are `weight` and perhaps `bias`; None for any other module."""
    weight = module.tensor("weight")
    if weight is None or not module.own.keys() <= {"weight", "bias"}:
        return None
    return of_weight(module.name, weight, module.own.get("bias"))


def of_weight(name: str, weight: OwnTensor, bias: OwnTensor | None) -> Inferred | None:
    """Infer a layer of a lower-case name with a weight of two to five dimensions; `bias` is None without one."""
    shape = weight.shape
    if not weight.is_real or (bias is not None and len(bias.shape) != 1):
        return None
    length = None if bias is None else bias.shape[0]
    if len(shape) == 2:
        return _matrix(name, shape[0], shape[1], length)
    if len(shape) == 3 and "exps" in name:
        return stacked(shape[0], shape[2], shape[1])
    return _convolution(name, shape, length) if 3 <= len(shape) <= 5 else None


def stacked(count: int, inputs: int, outputs: int, more: str = "") -> Inferred:
    """Return the class of experts whose weights are stacked in one tensor: `Experts 8 × 64 → 256`."""
    text = f"Experts {count} × {inputs} → {outputs}"
    return Inferred("Experts", bounded_text(f"{text}, {more}" if more else text), inputs, outputs, count)


def _matrix(name: str, rows: int, columns: int, bias: int | None) -> Inferred | None:
    if bias is None:
        if (_EMBEDS.match(name) or _EMBEDS_JOINED.match(name)) and not _NOT_EMBEDS.match(name):
            return Inferred("Embedding", bounded_text(f"Embedding {rows} × {columns}"), None, columns)
        return of_sizes("Linear", columns, rows)
    if bias == rows:
        return of_sizes("Linear", columns, rows)
    return of_sizes("Conv1D", rows, columns) if bias == columns else None  # that of Transformers: a transposed linear


def _convolution(name: str, shape: tuple[int, ...], bias: int | None) -> Inferred | None:
    rank = f"{len(shape) - 2}d"
    kernel = "×".join(map(str, shape[2:]))
    if bias is None:
        transposed = bool(_TRANSPOSED.match(name))
    elif bias in shape[:2]:
        transposed = bias != shape[0] or (shape[0] == shape[1] and bool(_TRANSPOSED.match(name)))
    else:
        return None
    if transposed:
        return of_sizes(f"ConvTranspose{rank}", shape[0], shape[1], kernel)
    if shape[1] == 1 and shape[0] > 1 and (bias is None or _DEPTHWISE.match(name)):
        return of_width(f"Conv{rank}", shape[0], f"{kernel} depthwise")
    return of_sizes(f"Conv{rank}", shape[1], shape[0], kernel)
