"""The words in names, and which of them mean the same: `wq`, `q_proj` and `query` all hold `q`."""

from __future__ import annotations

import re
from functools import lru_cache

from .names import NUMBER, NameParts, is_number

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_WHOLE = {
    "wq": "q", "wk": "k", "wv": "v", "wo": "o", "wqkv": "q k v", "qkv": "q k v", "kv": "k v", "wkv": "k v",
    "w1": "gate", "w2": "down", "w3": "up", "w12": "gate up",
    "wte": "tok embed", "wpe": "pos embed", "c_attn": "q k v attn", "c_fc": "up fc1", "c_proj": "proj",
    "fc1": "up fc1", "fc2": "down fc2", "fc_1": "up fc1", "fc_2": "down fc2", "lin1": "up fc1", "lin2": "down fc2",
    "linear1": "up fc1", "linear2": "down fc2", "dense_h_to_4h": "up fc1", "dense_4h_to_h": "down fc2",
    "query_key_value": "q k v", "in_proj": "q k v in proj", "feed_forward": "mlp", "self_attn": "self attn",
    "ln_f": "final norm", "ln_1": "norm 1", "ln_2": "norm 2", "intermediate": "up fc1", "lm_head": "lm head",
    "unembed": "lm head", "out_proj": "o proj", "to_out": "o proj", "proj_attn": "o proj attn", "norm_f": "final norm",
    "cls": "cls", "embed_tokens": "tok embed", "input_layernorm": "input norm", "dwconv": "dw conv",
    "patch_embed": "patch embed", "pos_embed": "pos embed", "layer_scale": "scale", "wi": "up fc1",
}  # fmt: skip
"""Whole parts of names in other words."""
_SAME = {
    "query": "q", "key": "k", "value": "v", "val": "v", "queries": "q", "keys": "k", "values": "v",
    "attention": "attn", "att": "attn", "mha": "attn", "sa": "self", "crossattention": "cross",
    "encdec": "cross", "xattn": "cross",
    "ffn": "mlp", "ff": "mlp", "feedforward": "mlp", "ln": "norm", "layernorm": "norm", "rmsnorm": "norm",
    "bn": "norm", "batchnorm": "norm", "normalization": "norm", "gn": "norm", "groupnorm": "norm",
    "convolution": "conv", "convolutions": "conv", "conv1d": "conv", "conv2d": "conv",
    "downsample": "shortcut", "identity": "shortcut", "skip": "shortcut",
    "embedding": "embed", "embeddings": "embed", "emb": "embed", "embedder": "embed", "embeds": "embed",
    "token": "tok", "tokens": "tok", "word": "tok", "vocab": "tok", "position": "pos", "positional": "pos",
    "positions": "pos", "classifier": "head", "score": "head", "logits": "head", "output": "out", "outputs": "out",
    "o": "out", "projection": "proj", "projector": "proj", "layers": "block", "layer": "block", "blocks": "block",
    "h": "block", "resblocks": "block", "stages": "stage", "encoder": "enc", "decoder": "dec", "visual": "vision",
    "image": "vision", "img": "vision", "vit": "vision", "language": "text", "llm": "text", "txt": "text",
    "expert": "experts", "lambda": "scale", "gamma": "scale", "ls": "scale", "router": "gate", "dense": "fc",
    "linear": "fc", "lin": "fc", "post": "after", "pre": "before", "previous": "before", "last": "final",
    "concat": "fused", "merger": "merge", "merging": "merge", "reduction": "merge", "class": "cls",
}  # fmt: skip
"""Single words in one spelling."""


@lru_cache(maxsize=50_000)
def words_of_part(part: str) -> tuple[str, ...]:
    """Return the words of one part of a name, in one spelling each."""
    whole = _WHOLE.get(part.lower())
    if whole is not None:
        return tuple(_SAME.get(word, word) for word in whole.split())
    found: list[str] = []
    for piece in part.split("_"):
        known = _WHOLE.get(piece.lower())
        if known is not None:
            found += known.split()
            continue
        words = [word.lower() for word in _WORD.findall(piece)]
        joined = "".join(words)
        found += [joined] if joined in _SAME else words
    return tuple(_SAME.get(word, word) for word in found)


def words_of(parts: NameParts) -> frozenset[str]:
    """Return the words of some parts of a name; numbers of their own are none."""
    return frozenset(word for part in parts if part != NUMBER and not is_number(part) for word in words_of_part(part))


@lru_cache(maxsize=50_000)
def norm_place(part: str) -> int | None:
    """Return where in its block a norm stands by the words of its name, as a number that grows from front to end.

    None for what is no norm, and where the name does not say it.
    """
    words = frozenset(words_of_part(part))
    if "norm" not in words or not words & _PLACED:
        return None
    if "final" in words or "out" in words:
        return 6
    base = 4 if "mlp" in words else 2 if "cross" in words or {"enc", "attn"} <= words else 0
    return base + ("after" in words)


_PLACED = frozenset(("final", "out", "mlp", "cross", "attn", "after", "before", "input"))
