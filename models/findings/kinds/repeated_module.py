"""`repeated_module`: a list of one module at all its places, as `[layer] * 4` makes it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...live.registered import parameters_in
from ...messages.findings import Finding
from ...tensors.tensors import class_name
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each list or `Sequential` of one module with parameters; one that stands among others is meant."""
    for node, module in evidence.modules():
        if not isinstance(module, (nn.ModuleList, nn.Sequential)):
            continue
        children = list(module._modules.values())
        count, first = len(children), children[0] if children else None
        if count < 2 or first is None or any(child is not first for child in children) or not parameters_in(first):
            continue
        text = f"all {count} are one {class_name(first)} with one set of weights, as `[layer] * {count}` makes it"
        yield Finding(
            kind="repeated_module",
            severity="note",
            text=f"{text}; `[make() for _ in range({count})]` makes {count}",
            path=node.path,
        )
