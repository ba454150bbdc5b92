"""`source`: what opening the network warned of, such as weights that are random."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each warning as a note."""
    for text in evidence.warnings:
        yield Finding(kind="source", severity="note", text=text)
