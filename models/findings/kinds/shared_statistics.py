"""`shared_statistics`: one BatchNorm under several names, whose running statistics mix what goes through each."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...sources.wording import listed
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each such layer that keeps running statistics, as a note."""
    for node, module in evidence.modules():
        if len(node.names) < 2 or not isinstance(module, nn.modules.batchnorm._NormBase):
            continue
        if module.running_mean is not None:
            others = listed(node.shared_with)
            text = f"it stands for {others} too: its running statistics mix what goes through each of them"
            yield Finding(kind="shared_statistics", severity="note", text=text, path=node.path)
