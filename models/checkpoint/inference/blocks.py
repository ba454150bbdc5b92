"""Rules for modules made of others: lists, transformer and residual blocks, Mamba mixers, patch embeddings."""

from __future__ import annotations

import re
from dataclasses import replace

from .attention import ATTENTION, attention
from .facts import Inferred, Module, bounded_text, of_width
from .feed_forward import FEED_FORWARD

_LISTS = re.compile(r"(?:.*_)?(?:layers?|blocks?|blk|h|experts?|resnets|attentions|stages?|heads)\Z")
_LOOKED_AT = 4
"""Modules of a list whose classes are compared."""


def mixer(module: Module) -> Inferred | None:
    """Infer the selective state space of Mamba or Mamba-2, `Mamba 1536, state 16`; None for any other module."""
    decay = module.tensor("A_log", 1, 2)
    if decay is None or "D" not in module.own or not module.has("in_proj", "out_proj"):
        return None
    if len(decay.shape) == 2:
        return of_width("Mamba", decay.shape[0], f"state {decay.shape[1]}") if module.has("x_proj", "dt_proj") else None
    return Inferred("Mamba2", bounded_text(f"Mamba2 {decay.shape[0]} heads")) if "dt_bias" in module.own else None


def patches(module: Module) -> Inferred | None:
    """Infer a patch embedding or a whole vision transformer, by the names of timm; None for any other module."""
    if "patch_emb" in module.name:
        for name in ("proj", "projection"):
            found = module.child(name)
            if found is not None and found.class_name.startswith("Conv"):
                return replace(found, class_name="PatchEmbed", text=_renamed(found, "PatchEmbed"))
    position = module.tensor("pos_embed", 2, 3)
    if position is not None and module.has("patch_embed", "blocks"):
        return of_width("VisionTransformer", position.shape[-1])
    return None


def block(module: Module) -> Inferred | None:
    """Infer a transformer block, a layer of `torch.nn.Transformer`, a Mamba or residual block; None for any other."""
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
    return bounded_text(f"{name} {found.text.partition(' ')[2]}".rstrip())


def _torch_layer(module: Module) -> Inferred | None:
    if not module.has("self_attn", "linear1", "linear2", "norm1", "norm2"):
        return None
    found = module.child("self_attn")
    if found is None or found.class_name != "MultiheadAttention" or found.inputs is None:
        return None
    decoder = module.has("multihead_attn", "norm3")
    return of_width("TransformerDecoderLayer" if decoder else "TransformerEncoderLayer", found.inputs)


def _feeds_forward(module: Module) -> bool:
    if module.has("fc1", "fc2") or module.has("intermediate", "output"):
        return True
    names = ("mlp", "feed_forward", "ffn", "ff", "block_sparse_moe", "moe", "DenseReluDense")
    return any(module.class_of(name) in FEED_FORWARD or (name != "moe" and module.has(name)) for name in names)


def _residual(module: Module) -> Inferred | None:
    """Infer a residual block of torchvision's ResNet, by how many convolutions it has."""
    if not module.has("conv1", "bn1", "conv2", "bn2"):
        return None
    last = "conv3" if module.has("conv3") else "conv2"
    first, final = module.child("conv1"), module.child(last)
    if first is None or final is None or first.inputs is None or final.outputs is None:
        return None
    kind = "Bottleneck" if last == "conv3" else "BasicBlock"
    return Inferred(kind, bounded_text(f"{kind} {first.inputs} → {final.outputs}"), first.inputs, final.outputs)


def numbered(module: Module) -> Inferred | None:
    """Infer a ModuleList or a Sequential, which look alike: gaps and different layers mean the latter; else None."""
    names = list(module.names)
    if module.own or not names or not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in names):
        return None
    numbers = sorted(map(int, names))
    counted = len(names) == numbers[-1] - numbers[0] + 1
    if counted and _LISTS.match(module.name):
        return Inferred("ModuleList", bounded_text(f"ModuleList {len(names)}"), count=len(names))
    if not counted:
        return Inferred("Sequential", "Sequential")
    if len(names) == 1:
        return None
    kinds = {module.class_of(name) for name in names[:_LOOKED_AT]}
    if len(kinds - {""}) > 1:
        return Inferred("Sequential", "Sequential")
    return Inferred("ModuleList", bounded_text(f"ModuleList {len(names)}"), count=len(names))
