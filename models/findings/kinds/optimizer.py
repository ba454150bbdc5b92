"""`optimizer_incomplete`: parameters that could be trained and are in no optimizer of the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from torch import Tensor

from ...messages.findings import Finding
from ...opened.facts import amount
from ...sources.wording import listed
from ...tensors.tensors import requires_grad
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield what all optimizers that know the network leave out, and what they hold in its place.

    One that holds nothing that the network has or had is of another network: of a twin, say.
    """
    held: list[Tensor] = []
    for optimizer in evidence.optimizers:
        with suppress(Exception):  # of a class of the user's
            of_it = [tensor for group in optimizer.param_groups for tensor in group["params"]]
            held += of_it if any(map(evidence.was_held, of_it)) else []
    known = {id(tensor) for tensor in held}
    parameters = [
        (node, tensor)
        for node, tensor in evidence.tensors()
        if node.kind == "parameter" and node.registered and requires_grad(tensor)
    ]
    missing = [(node, tensor) for node, tensor in parameters if id(tensor) not in known]
    mine = {id(tensor) for _, tensor in parameters}
    strange = [
        tensor for tensor in held if id(tensor) not in mine and evidence.was_held(tensor) and requires_grad(tensor)
    ]
    replaced = bool(strange) and {tuple(t.shape) for t in strange} <= {tuple(t.shape) for _, t in missing}
    if not missing or (len(missing) == len(parameters) and not replaced):
        return  # of another network
    text = f"{len(missing)} of {amount(len(parameters), 'trainable parameter')} in no optimizer"
    text += f": {listed([node.path for node, _ in missing])}"
    if replaced:
        text += f"; instead {amount(len(strange), 'tensor')} that the network held before: make the optimizer anew"
    yield Finding(kind="optimizer_incomplete", severity="warning", text=text, path=missing[0][0].path)
