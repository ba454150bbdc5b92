"""Findings about a checkpoint: what its files lack or contradict, and NaN, infinities and constants in its tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..messages import Brief
from ..messages.findings import SEVERITIES, Finding
from ..opened.facts import amount
from ..opened.node_facts import NodeFacts
from ..opened.open_model import OpenModel
from ..work.cancelled import Cancelled, ShouldCancel, never

MeasureBrief = Callable[[NodeFacts], Brief | None]
"""Returns the statistics of a tensor; None where they are not known."""

_NUMBER = re.compile(r"(?<![^.])[0-9]+(?![^.])")


def findings_of_checkpoint(
    model: OpenModel, measure: MeasureBrief | None, should_cancel: ShouldCancel = never
) -> tuple[list[Finding], int]:
    """Return all findings, the most serious first, and how many tensors were measured.

    Args:
        measure: None where nothing is known of any tensor, of which there may be a million.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    found, measured = list(_of_files(model)), 0
    constant: dict[tuple[str, str], list[tuple[NodeFacts, Brief]]] = {}
    for facts in model.named_tensors() if measure is not None else ():
        if should_cancel():
            raise Cancelled
        brief = measure(facts) if measure is not None else None
        if brief is None:
            continue
        measured += 1
        found += _nonfinite(facts, brief)
        if _is_constant(facts, brief):
            kind = "constant" if brief.minimum else "all_zero"
            constant.setdefault((kind, _NUMBER.sub("#", facts.path)), []).append((facts, brief))
    found += (_constant(kind, like, same) for (kind, like), same in constant.items())
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity)), measured


def _of_files(model: OpenModel) -> Iterator[Finding]:
    """Yield what the reader of the files warns of: a shard that is missing, a tensor that two files hold."""
    checkpoint = model.source.checkpoint
    for text in [] if checkpoint is None else checkpoint.warnings:
        yield Finding(kind="files", severity="warning", text=text)
    for text in model.source.warnings:
        yield Finding(kind="source", severity="note", text=text)


def _nonfinite(facts: NodeFacts, brief: Brief) -> Iterator[Finding]:
    of = f"of {amount(facts.elements or 0, 'element')}"
    for kind, name, count in (("nan", "NaN", brief.nan), ("inf", "infinite", brief.inf)):
        if count:
            buffer = kind == "inf" and facts.kind != "parameter"  # a mask, the range of an observer
            text = f"{count:,} {of} {'is' if count == 1 else 'are'} {name}"
            yield Finding(kind=kind, severity="note" if buffer else "error", text=text, path=facts.path)


def _is_constant(facts: NodeFacts, brief: Brief) -> bool:
    several = (facts.elements or 0) > 1 and facts.kind in ("parameter", "buffer")
    return several and brief.minimum is not None and brief.minimum == brief.maximum and not (brief.nan or brief.inf)


def _constant(kind: str, like: str, same: list[tuple[NodeFacts, Brief]]) -> Finding:
    first, brief = same[0]
    alike = {each.minimum for _, each in same}
    what = "all zeros" if kind == "all_zero" else f"all {brief.minimum:.6g}" if len(alike) == 1 else "all the same"
    several = f" in {amount(len(same), 'tensor')} like {like}" if len(same) > 1 else ""
    return Finding(kind=kind, severity="note", text=what + several, path=first.path)
