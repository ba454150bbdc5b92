"""The one-line facts of an open model, for the header and the headless reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..messages import Summary
from ..tensors.tensors import device_text, dtype_text, size_in_bytes
from .registered import training_of

if TYPE_CHECKING:
    import torch

    from ..opened.source import Source
    from .outline import Outline
    from .totals import Totals


def mode_of(outline: Outline) -> Literal["train", "eval", "mixed"]:
    """In which mode the registered modules are."""
    modes = {training_of(module) for module in outline.registered_modules} - {None}
    return "mixed" if len(modes) > 1 else "train" if True in modes else "eval"


def summarise(source: Source, outline: Outline, totals: Totals) -> Summary:
    """What the header tells, without the input; dtypes and devices of parameters and buffers, most bytes first."""
    root = outline.nodes[0]
    dtypes: dict[str, int] = {}
    devices: dict[str, int] = {}
    seen: set[int] = set()
    for node in outline.tensors(root):
        if node.kind == "constant" or id(node.item) in seen:
            continue
        seen.add(id(node.item))
        tensor: torch.Tensor = node.item  # type: ignore[assignment]
        size = size_in_bytes(tensor) or 0
        dtype, device = dtype_text(tensor), device_text(tensor)
        dtypes[dtype] = dtypes.get(dtype, 0) + size
        devices[device] = devices.get(device, 0) + size
    return Summary(
        source=source.source,
        name=source.name,
        kind=source.kind,
        class_name=type(outline.root).__name__,
        parameters=totals.parameters[0],
        trainable=totals.trainable[0],
        bytes=totals.memory[0],
        dtype=_by_weight(dtypes),
        device=_by_weight(devices),
        mode=mode_of(outline),
        rows=len(outline.nodes),
        modules=sum(1 for node in outline.nodes if node.kind in ("module", "hidden")),
        input="",
        note=source.note,
        tries=list(source.tries),
        warnings=list(source.warnings),
        file=source.file,
    )


def _by_weight(weights: dict[str, int]) -> str:
    return "+".join(sorted(weights, key=lambda name: -weights[name]))
