"""Findings: what is remarkable about the open model and its last run."""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Parts, Text

Severity = Literal["error", "warning", "note"]
"""`error`: what comes out is wrong, or nothing does; `warning`: it hardly is as it was meant; `note`: worth knowing."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The most serious first."""


class Finding(BodyPart, frozen=True, kw_only=True):
    """One thing that is remarkable."""

    kind: Text
    """Such as `nan`, `dead_units`: the name by which scripts know it."""
    severity: Severity
    text: Text
    """What it is, in one line: the cause where that is known, and what mends it."""
    path: Text | None = None
    """Path of the module or tensor; None where there is none."""
    call: Count | None = None
    """Index of the row in the calls of the last run; None where there is none."""
    where: Text | None = None
    """The user's line, as `file.py:12`; None where it is unknown."""


class ReadFindings(Body):
    """Find what is remarkable about what is open and its last run; answered by `FoundFindings`."""


class FoundFindings(Body):
    """All findings, the most serious first."""

    findings: Parts[Finding]
    run: Count | None = None
    """Number of the run that `Finding.call` counts in; None before the first."""
    looked_at: Text = ""
    """What was looked at, in a sentence: `8 modules, 5 tensors and the last run of 14 calls`."""
