"""A training checkpoint as the engine would send it: repeated layers, inferred classes, optimizer state, an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_networks import Spec, tensor

SUMMARY: dict[str, Any] = {
    "name": "checkpoint",
    "kind": "checkpoint",
    "class_name": "torch training checkpoint with its state dict under 'model'",
    "trainable": 0,
    "device": "",
    "mode": "",
    "input": "",
}
"""What its summary says."""


def stored(*shape: int, **fields: Any) -> Spec:
    """A tensor in a file: no gradient, and nobody says whether it is frozen."""
    return tensor(*shape, gradient="", **fields)


def inferred(detail: str, /, **below: Spec) -> Spec:
    return Spec("module", detail, below=below, fields={"inferred": bool(detail)})


def item(text: str, kind: str = "int") -> Spec:
    return Spec("item", text, fields={"dtype": kind, "parameters": None, "bytes": None})


def group(count: int, build: Callable[[], Spec]) -> Spec:
    """`count` siblings of one structure; its name is to be `[0–count-1]`."""
    below = {str(index): build() for index in range(count)}
    return Spec("group", below["0"].detail, below=below, fields={"count": count, "inferred": True})


def layer() -> Spec:
    return inferred(
        "TransformerEncoderLayer 8",
        self_attn=inferred("MultiheadAttention 8", in_proj_weight=stored(24, 8), in_proj_bias=stored(24)),
        norm1=inferred("Norm 8", weight=stored(8), bias=stored(8)),
    )


def checkpoint(layers: int = 6) -> Spec:
    """`layers` layers of attention and a norm, the state of two parameters, epoch and settings."""
    layered = inferred("ModuleList", **{f"[0–{layers - 1}]": group(layers, layer)})
    state = inferred("", exp_avg=stored(8, kind="state"), step=stored(kind="state"))
    return inferred(
        "",
        model=inferred("", layers=layered, norm=inferred("Norm 8", weight=stored(8), bias=stored(8))),
        optimizer=inferred("", state=inferred("", norm=inferred("", weight=state))),
        epoch=item("3"),
        config=inferred("", d_model=item("8"), name=item("'tiny'", "str")),
    )
