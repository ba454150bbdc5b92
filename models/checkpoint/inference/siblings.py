"""What the modules beside one say of its class, where its own tensors fit several."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from .facts import Inferred, bounded_text, of_sizes, of_width

_LAYER_NORM = re.compile(r".*layer_?norm|ln|.*_ln\Z|ln_.*|ln[0-9f].*")
_SAYS_NORM = re.compile(r".*norm|.*rms|ln")


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a module."""

    classes: Collection[str]
    """The classes of all its siblings."""
    before: Inferred | None = None
    """In a list of numbered modules, the one with tensors before it; None where that is unknown."""
    after: Inferred | None = None
    """The one after it."""


def is_open(found: Inferred) -> bool:
    """Return whether siblings may say more of a class."""
    return found.class_name in ("Linear", "LayerNorm", "RMSNorm") or found.class_name.startswith("Conv")


def settled(found: Inferred, name: str, has_bias: bool, beside: Beside) -> Inferred:
    """Return the class of a module of this lower-case name, by its own tensors (`found`) and what stands beside it."""
    kind, inputs, outputs = found.class_name, found.inputs, found.outputs
    convolves = any(each.startswith(("Conv1d", "Conv2d", "Conv3d", "ConvTranspose")) for each in beside.classes)
    if kind == "LayerNorm" and convolves and outputs is not None and not _LAYER_NORM.match(name):
        return of_width("Norm", outputs)  # of a group, an instance, a batch without statistics
    if kind == "RMSNorm" and convolves and outputs is not None and not _SAYS_NORM.match(name):
        return of_width("PReLU", outputs)
    if kind == "Linear" and has_bias and inputs == outputs and "Conv1D" in beside.classes:
        return replace(found, class_name="Conv1D", text=bounded_text(found.text.replace("Linear", "Conv1D", 1)))
    if has_bias or inputs is None or outputs is None or inputs == outputs or not _turned(found, beside):
        return found
    if kind == "Linear":
        return Inferred("Embedding", bounded_text(f"Embedding {outputs} × {inputs}"), None, inputs)
    if re.fullmatch(r"Conv[123]d", kind) and "depthwise" not in found.text:
        more = found.text.partition(", ")[2]
        return of_sizes(kind.replace("Conv", "ConvTranspose"), outputs, inputs, more)
    return found


def _turned(found: Inferred, beside: Beside) -> bool:
    """Return whether its neighbours fit only when its inputs are its outputs."""
    before = None if beside.before is None else beside.before.outputs
    after = None if beside.after is None else beside.after.inputs
    fits = before in (None, found.inputs) and after in (None, found.outputs)
    turned = before in (None, found.outputs) and after in (None, found.inputs)
    return turned and not fits
