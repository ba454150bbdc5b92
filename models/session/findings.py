"""What is remarkable about what is open and its last run, as the tab, `check` and `run` ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages.findings import FoundFindings
from ..work.cancelled import never
from .known_optimizers import known_optimizers

if TYPE_CHECKING:
    from ..live.live_tree import LiveTree
    from ..messages import Brief
    from ..opened.node_facts import NodeFacts
    from ..run.trace.record import Trace
    from ..work.cancelled import ShouldCancel
    from ..work.progress import OnProgress
    from .session import Session

VALUES_LIMIT = 2**30
"""Bytes of elements that are read unasked."""


def read_findings(
    session: Session, should_cancel: ShouldCancel = never, on_progress: OnProgress = lambda done: None
) -> FoundFindings:
    """Return the findings about what is open as it is, and about its last run if that is over.

    The elements of a checkpoint are not read for it: what is known of them is taken.

    Raises:
        Cancelled: `should_cancel` returned True.
        EngineProblem: nothing is open.
    """
    if session.model and session.is_checkpoint:
        return findings_of_checkpoint(session, False, should_cancel, on_progress)
    trace = session.runs.newest
    if trace is not None and (not trace.finished or not len(trace)):
        trace = None
    return findings_of_network(session, session.live.tree, trace, should_cancel, on_progress, VALUES_LIMIT)


def findings_of_network(
    session: Session,
    tree: LiveTree,
    trace: Trace | None,
    should_cancel: ShouldCancel = never,
    on_progress: OnProgress = lambda done: None,
    values_limit: int | None = None,
) -> FoundFindings:
    """Return the findings about the open network and a run of it.

    Args:
        tree: the network as it is now.
        values_limit: bytes of elements that are read; None for all.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    from ..findings.evidence import Evidence
    from ..findings.registry import findings_of
    from ..findings.values import Values
    from ..opened.facts import amount

    total = max(session.model.totals_of_parameters()[2], 1)
    values = Values(values_limit, session.known_values, lambda done: on_progress(min(done / total, 1.0)))
    optimizers = known_optimizers(session.root, session.namespace)
    training, was_held = session.training_notes(), session.held_tensors.include
    warnings = session.model.source.warnings
    evidence = Evidence(tree, trace, warnings, optimizers, training, should_cancel, values, was_held)
    found = findings_of(evidence)
    looked_at = [amount(len(tree.modules()), "module"), amount(len(tree.distinct_tensors), "tensor")]
    looked_at.append("no run yet" if trace is None else f"the last run of {amount(trace.events, 'call')}")
    left_out = f"; the values of {amount(values.left_out, 'large tensor')} were not read" if values.left_out else ""
    return FoundFindings(
        findings=found, run=None if trace is None else session.runs.last, looked_at=", ".join(looked_at) + left_out
    )


def findings_of_checkpoint(
    session: Session,
    read: bool,
    should_cancel: ShouldCancel = never,
    on_progress: OnProgress = lambda done: None,
) -> FoundFindings:
    """Return the findings about the open checkpoint.

    Args:
        read: whether elements are read; else what is known of them is taken.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    from ..findings.stored import findings_of_checkpoint
    from ..opened.facts import amount
    from ..tensors.statistics.cache import brief_of
    from ..tensors.statistics.statistics import statistics

    model = session.model
    if not read and not len(model.statistics_cache):
        of_files = findings_of_checkpoint(model, None, should_cancel)[0]
        return FoundFindings(
            findings=of_files, looked_at="what the files say of themselves; no values were read, A does"
        )
    total, done = max(sum(facts.bytes or 0 for facts in model.named_tensors()) if read else 0, 1), 0

    def measured(facts: NodeFacts) -> Brief | None:
        nonlocal done
        known = facts.brief()
        if known is not None or not read:
            return known
        before, size = done, facts.bytes or 0
        found = statistics(
            facts.readable(),
            path=facts.key,
            only_moments=True,
            should_cancel=should_cancel,
            on_progress=lambda part: on_progress(min((before + part * size) / total, 1.0)),
        )
        done += size
        return None if found.absence else brief_of(found)

    found, count = findings_of_checkpoint(model, measured, should_cancel)
    tensors = len(model.named_tensors())
    which = "" if count == tensors else f"; the values of {amount(tensors - count, 'tensor')} were not read"
    if which and not read:
        which += ", A reads all"
    return FoundFindings(findings=found, looked_at=f"the files and {amount(tensors, 'tensor')}{which}")
