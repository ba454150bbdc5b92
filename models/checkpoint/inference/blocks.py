"""Parts made of other parts: lists, transformer blocks, residual blocks, Mamba mixers, patch embeddings."""

from __future__ import annotations

import re
from dataclasses import replace

from .attention import ATTENTION, attention
from .facts import Inferred, Module, cut, wide
from .feed_forward import FEED_FORWARD

_LISTS = re.compile(r"(?:.*_)?(?:layers?|blocks?|blk|h|experts?|resnets|attentions|stages?|heads)\Z")
_LOOKED_AT = 4
"""Modules of a list that are compared."""


def mixer(module: Module) -> Inferred | None:
    """Mamba's selective state space, its first and its second version."""
    decay = module.leaf("A_log", 1, 2)
    if decay is None or "D" not in module.own or not module.has("in_proj", "out_proj"):
        return None
    if len(decay.shape) == 2:
        return wide("Mamba", decay.shape[0], f"state {decay.shape[1]}") if module.has("x_proj", "dt_proj") else None
    return Inferred("Mamba2", cut(f"Mamba2 {decay.shape[0]} heads")) if "dt_bias" in module.own else None


def patches(module: Module) -> Inferred | None:
    """What makes patches of an image, and the whole of a vision transformer as timm and torchvision name it."""
    if "patch_emb" in module.name:
        for name in ("proj", "projection"):
            found = module.child(name)
            if found is not None and found.class_name.startswith("Conv"):
                return replace(found, class_name="PatchEmbed", text=_renamed(found, "PatchEmbed"))
    position = module.leaf("pos_embed", 2, 3)
    if position is not None and module.has("patch_embed", "blocks"):
        return wide("VisionTransformer", position.shape[-1])
    return None


def block(module: Module) -> Inferred | None:
    """A transformer's block, torch's own layers, a Mamba block, a residual block."""
    own_layer = _torch_layer(module)
    if own_layer is not None:
        return own_layer
    for name in ("self_attn", "attn", "attention", "self_attention", "att", "attn1", "SelfAttention", "mixer"):
        if module.has(name):
            found = module.child(name)
            if found is None:
                return None
            if found.class_name in ATTENTION and _feeds_forward(module):
                return replace(found, class_name="TransformerBlock", text=_renamed(found, "TransformerBlock"))
            if found.class_name.startswith("Mamba"):
                return replace(found, class_name="MambaBlock", text=_renamed(found, "MambaBlock"))
    if module.has("ffn_down") or module.has("ffn_down_exps"):  # GGUF has all of a block side by side
        found = attention(module)
        return found and replace(found, class_name="TransformerBlock", text=_renamed(found, "TransformerBlock"))
    return _residual(module)


def _renamed(found: Inferred, name: str) -> str:
    return cut(f"{name} {found.text.partition(' ')[2]}".rstrip())


def _torch_layer(module: Module) -> Inferred | None:
    if not module.has("self_attn", "linear1", "linear2", "norm1", "norm2"):
        return None
    found = module.child("self_attn")
    if found is None or found.class_name != "MultiheadAttention" or found.inputs is None:
        return None
    decoder = module.has("multihead_attn", "norm3")
    return wide("TransformerDecoderLayer" if decoder else "TransformerEncoderLayer", found.inputs)


def _feeds_forward(module: Module) -> bool:
    if module.has("fc1", "fc2") or module.has("intermediate", "output"):
        return True
    names = ("mlp", "feed_forward", "ffn", "ff", "block_sparse_moe", "moe", "DenseReluDense")
    return any(module.class_of(name) in FEED_FORWARD or (name != "moe" and module.has(name)) for name in names)


def _residual(module: Module) -> Inferred | None:
    """torchvision's, told by the numbers of their convolutions."""
    if not module.has("conv1", "bn1", "conv2", "bn2"):
        return None
    last = "conv3" if module.has("conv3") else "conv2"
    first, final = module.child("conv1"), module.child(last)
    if first is None or final is None or first.inputs is None or final.outputs is None:
        return None
    kind = "Bottleneck" if last == "conv3" else "BasicBlock"
    return Inferred(kind, cut(f"{kind} {first.inputs} → {final.outputs}"), first.inputs, final.outputs)


def numbered(module: Module) -> Inferred | None:
    """A list or a sequence, which look the same: gaps and different layers are a sequence's."""
    names = list(module.names)
    if module.own or not names or not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in names):
        return None
    numbers = sorted(map(int, names))
    counted = len(names) == numbers[-1] - numbers[0] + 1
    if counted and _LISTS.match(module.name):
        return Inferred("ModuleList", cut(f"ModuleList {len(names)}"), count=len(names))
    if not counted:
        return Inferred("Sequential", "Sequential")
    if len(names) == 1:
        return None
    kinds = {module.class_of(name) for name in names[:_LOOKED_AT]}
    if len(kinds - {""}) > 1:
        return Inferred("Sequential", "Sequential")
    return Inferred("ModuleList", cut(f"ModuleList {len(names)}"), count=len(names))
