"""`nan`, `inf`: parameters and buffers that hold NaN or infinity."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...opened.facts import amount
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each tensor with NaN, and each parameter with infinity.

    A buffer or constant may well hold infinity: a mask, the range that an observer has seen so far.
    """
    first = None if evidence.trace is None else evidence.trace.nonfinite
    reported = None if first is None else first["tensor"]  # with the call that read it
    for node, tensor in evidence.tensors():
        found = evidence.values.of(tensor)
        if found is None or node.path == reported:
            continue
        of = f"of {amount(found.elements, 'element')} of the {node.kind}"
        if found.nan:
            yield Finding(
                kind="nan", severity="error", text=f"{found.nan:,} {of} {_are(found.nan)} NaN", path=node.path
            )
        if found.inf and node.kind == "parameter":
            text = f"{found.inf:,} {of} {_are(found.inf)} infinite"
            yield Finding(kind="inf", severity="error", text=text, path=node.path)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
