"""Every kind of finding, once; what a network and its last run give of them, the most serious first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from ..messages.findings import SEVERITIES, Finding
from ..work.cancelled import Cancelled
from .evidence import Evidence

Find = Callable[[Evidence], Iterable[Finding]]
"""Yields what is remarkable; silent where it does not know, and on every sound network but for notes."""

KINDS = (
    "in_place",
    "failure",
    "nonfinite_run",
    "nonfinite_values",
    "replaced",
    "no_gradient",
    "gradient_depth",
    "loss_input",
    "loss_shape",
    "made_in_forward",
    "one_of_batch",
    "dead_units",
    "rows_alike",
    "softmax_of_batch",
    "softmax_of_one",
    "softmax_dimension",
    "unregistered",
    "same_memory",
    "training",
    "optimizer",
    "uncalled",
    "unused_module",
    "broken_tie",
    "shared_statistics",
    "repeated_module",
    "dropout",
    "changed_in_forward",
    "kept_graph",
    "linear_chain",
    "initialisation",
    "siblings",
    "source",
)
"""Names of the files in `kinds/`, in the order in which findings of one severity are listed: causes come first."""


def findings_of(evidence: Evidence, kinds: Sequence[Find] | None = None) -> list[Finding]:
    """Return all findings, the most serious first, of these `kinds`, else of all of `KINDS`.

    A kind that fails, as a class of the user's may raise anything when it is looked at, finds nothing more.

    Raises:
        Cancelled: `evidence.should_cancel` returned True.
    """
    found: list[Finding] = []
    for find in map(_kind, KINDS) if kinds is None else kinds:
        try:
            found += find(evidence)
        except Cancelled:
            raise
        except Exception:
            continue
    distinct = list({(each.kind, each.path, each.call): each for each in found}.values())
    return sorted(distinct, key=lambda each: SEVERITIES.index(each.severity))


def _kind(name: str) -> Find:
    find: Find = import_module(f".kinds.{name}", __package__).find
    return find
