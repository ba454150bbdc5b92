"""`dropout`: one that drops of what another has dropped already, or that stays on where the network is in eval mode."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...run.trace.where import files_named
from ..evidence import Evidence
from ..same_elements import computed_by

_LAYERS = frozenset((
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout",
))  # fmt: skip
_OPERATIONS = frozenset((
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
))  # fmt: skip
_CALL = re.compile(
    r"\b(?:F|functional)\.(?:feature_)?(?:alpha_)?dropout[123]?d?\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
)
"""A call of the function with its arguments, on one line."""
_BEGINS = re.compile(r"\s*(?:async\s+)?def\s")
_LINES = 1000
"""Of a function that are read."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield notes: two in a row are one with a larger share, and to drop in eval mode too may be meant."""
    for call in evidence.calls:
        if not _drops(call):
            continue
        before = computed_by(call.producers[0]) if len(call.producers) == 1 else None
        if before is not None and before is not call and _drops(before):
            at = f" at {before.where}" if before.where and before.where != call.where else ""
            yield _of(call, f"it drops of what {before.op}{at} has dropped already: one dropout after the other")
        elif call.op in _OPERATIONS and (text := _stays_on(evidence, call)):
            yield _of(call, text)


def _drops(call: Call) -> bool:
    """Return whether a call is of a dropout that was switched on: it gave more zeros than it read."""
    if call.op not in _LAYERS and call.op not in _OPERATIONS:
        return False
    found = call.statistics
    if call.failed or found is None or not found.zeros:
        return False
    read = [made_by.row_of().statistics or made_by.statistics for made_by in call.producers]
    return (
        not read or read[0] is None or found.zeros / max(found.elements, 1) > read[0].zeros / max(read[0].elements, 1)
    )


def _stays_on(evidence: Evidence, call: Call) -> str:
    """Return what is said of the function where eval mode does not switch it off; empty where that does."""
    mends = "`training=self.training` switches it off there, and a layer `nn.Dropout` by itself"
    if evidence.training_modes[call.index] == "eval":
        return f"{call.op} drops though the network is in eval mode: {mends}"
    file, _, line = call.where.rpartition(":")
    files = files_named(file) if line.isdigit() else []
    if len(files) != 1 or "training" in _function_up_to(files[0], int(line)):
        return ""
    written = list(_CALL.finditer(linecache.getline(files[0], int(line))))
    given = written[0].group(1) if len(written) == 1 else "*"
    return f"{call.op} drops in eval mode too: {mends}" if "*" not in given and given.count(",") < 2 else ""


def _function_up_to(file: str, line: int) -> str:
    """Return the lines of a function up to one of its lines: what asks for the mode before a call stands there."""
    lines: list[str] = []
    while line > 0 and len(lines) < _LINES:
        lines.append(linecache.getline(file, line))
        if _BEGINS.match(lines[-1]):
            break
        line -= 1
    return "".join(lines)


def _of(call: Call, text: str) -> Finding:
    return Finding(
        kind="dropout", severity="note", text=text, path=call.module, call=call.index, where=call.where or None
    )
