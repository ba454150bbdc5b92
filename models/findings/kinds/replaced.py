"""`parameter_replaced`: the last run put another parameter in the place of one."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each parameter that the forward replaced, with the line that did it."""
    for path, where in {} if evidence.trace is None else evidence.trace.replaced.items():
        yield Finding(
            kind="parameter_replaced",
            severity="warning",
            text=(
                "the forward put another parameter in its place: an optimizer made before goes on with the old one; "
                "write into it instead, under torch.no_grad(), or compute with it and leave it"
            ),
            path=path,
            where=where or None,
        )
