"""The one-line facts of an open model, for the header and the headless reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..messages import Summary
from ..tensors.tensors import device_text, dtype_text, size_in_bytes
from .registered import training_of

if TYPE_CHECKING:
    import torch

    from ..opened.source import Source
    from .live_tree import LiveTree
    from .totals import Totals


def training_mode_of(tree: LiveTree) -> Literal["train", "eval", "mixed"]:
    """Return the mode that the `training` flags of the registered modules agree on, `mixed` if they do not."""
    modes = {training_of(module) for module in tree.registered_modules} - {None}
    return "mixed" if len(modes) > 1 else "train" if True in modes else "eval"


def summarise(source: Source, tree: LiveTree, totals: Totals) -> Summary:
    """Return the facts of the header, without the input.

    `dtype` and `device` name those of parameters and buffers, most bytes first: `float32+int8`.
    """
    root = tree.nodes[0]
    dtypes: dict[str, int] = {}
    devices: dict[str, int] = {}
    counted: set[int] = set()
    for node in tree.tensors_below(root):
        if node.plain or id(node.item) in counted:
            continue
        counted.add(id(node.item))
        tensor: torch.Tensor = node.item  # type: ignore[assignment]
        size = size_in_bytes(tensor) or 0
        dtype, device = dtype_text(tensor), device_text(tensor)
        dtypes[dtype] = dtypes.get(dtype, 0) + size
        devices[device] = devices.get(device, 0) + size
    return Summary(
        source=source.source,
        name=source.name,
        kind=source.kind,
        class_name=type(tree.root).__name__,
        parameters=totals.parameters(0),
        trainable=totals.trainable(0),
        bytes=totals.module_bytes(0),
        dtype=_by_weight(dtypes),
        device=_by_weight(devices),
        mode=training_mode_of(tree),
        rows=len(tree.nodes),
        modules=sum(1 for node in tree.nodes if node.kind in ("module", "hidden")),
        input="",
        note=source.note,
        tries=list(source.tries),
        warnings=list(source.warnings),
        file=source.file,
    )


def _by_weight(weights: dict[str, int]) -> str:
    return "+".join(sorted(weights, key=lambda name: -weights[name]))
