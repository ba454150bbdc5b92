"""Rules for attention, by the names of its projections."""

from __future__ import annotations

from .facts import Inferred, Module, bounded_text

_APART = (
    ("q_proj", "k_proj", "v_proj"),
    ("query", "key", "value"),
    ("to_q", "to_k", "to_v"),
    ("wq", "wk", "wv"),
    ("q_lin", "k_lin", "v_lin"),
    ("query_proj", "key_proj", "value_proj"),
    ("q", "k", "v"),
    ("attn_q", "attn_k", "attn_v"),
)
_TOGETHER = ("qkv", "qkv_proj", "wqkv", "Wqkv", "query_key_value", "c_attn", "attn_qkv", "in_proj_qkv", "to_qkv")
_LATENT = (("kv_a_proj_with_mqa", "kv_b_proj"), ("attn_kv_a_mqa", "attn_kv_b"), ("wkv_a", "wkv_b"))
ATTENTION = frozenset(("Attention", "MultiheadAttention"))
"""Class names that `attention` infers."""


def attention(module: Module) -> Inferred | None:
    """Infer a module that projects to queries, keys and values, `Attention 4096, kv 1024`; None for any other."""
    own = module.own
    fused = module.tensor("in_proj_weight", 2)
    if fused is not None and module.has("out_proj") and fused.shape[0] == 3 * fused.shape[1]:
        return _of("MultiheadAttention", fused.shape[1])
    if {"q_proj_weight", "k_proj_weight", "v_proj_weight"} <= own.keys() and module.has("out_proj"):
        query = module.tensor("q_proj_weight", 2)
        return None if query is None else _of("MultiheadAttention", query.shape[1])
    for names in _APART:
        if module.has(*names):
            return _apart(module, *names)
    for latent in _LATENT:
        if module.has(*latent):
            first = module.child(latent[0])
            width = first.inputs if first is not None else None
            return None if width is None else _of("Attention", width, "latent kv")
    for name in _TOGETHER:
        if module.has(name):
            found = module.child(name)
            if found is None or found.inputs is None or found.outputs is None:
                return None
            return _of("Attention", found.inputs, _smaller(found.inputs, found.outputs))
    if "att" in module.name and module.has("output"):  # BERT's, with its output beside it
        for name in ("self", "attention"):
            if module.class_of(name) == "Attention":
                return module.child(name)
    return None


def _apart(module: Module, query: str, key: str, value: str) -> Inferred | None:
    q, k, v = module.child(query), module.child(key), module.child(value)
    if q is None or k is None or v is None or q.inputs is None or v.outputs is None:
        return None
    more = []
    if k.outputs is not None and k.outputs != q.outputs:
        more.append(f"kv {k.outputs}")
    if k.inputs is not None and k.inputs != q.inputs:
        more.append(f"from {k.inputs}")
    return _of("Attention", q.inputs, ", ".join(more))


def _smaller(width: int, outputs: int) -> str:
    """Return `kv 1024`, the width of keys, where queries are as wide as the input and keys and values are narrower."""
    rest = outputs - width
    return f"kv {rest // 2}" if 0 < rest < 2 * width and rest % 2 == 0 else ""


def _of(kind: str, width: int, more: str = "") -> Inferred:
    return Inferred(kind, bounded_text(f"{kind} {width}, {more}" if more else f"{kind} {width}"), width, width)
