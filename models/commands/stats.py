"""`stats SOURCE [PATTERN]`: statistics of tensor values, streamed, as text or JSON."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ..messages import Problem, StatisticsOf
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..opened.node_facts import NodeFacts
from ..safe_text import clean
from ..session.session import Session
from ..tensors.statistics.statistics import statistics
from ..tree.globs import Glob
from ..tree.natural import natural_key
from ..work.progress import OnProgress
from . import stats_text
from .options import CommandParser, parser_for, top_count
from .output import CommandOutput
from .progress_line import ProgressLine

UNREADABLE = 2
SORTS = ("path", "count", "min", "max", "absmax", "mean", "std", "l2", "zeros", "nan", "inf")
"""Fields of a report that tensors can be sorted by."""
ASCENDING = ("path", "min")
"""Those of which the smallest comes first."""
_WHOLE = ("int", "uint", "bool")
"""How names of dtypes of whole numbers begin."""


def main(argv: list[str]) -> int:
    """Print statistics of the tensors of SOURCE.

    Return 0, or 2 when one of them cannot be read.
    """
    from . import print_error

    options = _parser().parse_args(argv)
    result = CommandOutput()
    with ProgressLine() as line:
        session = Session()
        session.open(
            options.source, seed=options.seed, device=options.device, trust=options.trust, on_progress=line.show
        )  # fmt: skip
        tensors = selected(list(session.model.tensors_at("")), options.pattern)
        found = reports_of(tensors, options.exact, line)
    gone = [each for each in found if each["absence"] == "gone"]
    found = sorted_reports(found, options.sort)[: options.top]
    if options.json:
        source = session.model.source
        result.json({"source": source.source, "kind": source.kind, "tensors": found})
    else:
        result.lines(stats_text.text_of(found, result.width))
    if gone:
        print_error(f"{amount(len(gone), 'tensor')} could not be read: {gone[0]['reason']}")
        return UNREADABLE
    return 0


def _parser() -> CommandParser:
    parser = parser_for(
        "stats",
        "Print statistics of tensor values, of any size, in little memory: moments and extremes of the finite ones, "
        "zeros, NaN, infinities, quantiles, a histogram. For a network also whether the values of a parameter could "
        "still be a draw from the initialiser of its layer.",
        "modulescope stats model.safetensors '*.bias' --json",
    )
    parser.add_argument(
        "pattern",
        nargs="?",
        metavar="PATTERN",
        help="tensors of such a path, * being any text, or all below the module of this path",
    )
    parser.add_argument(
        "--exact", action="store_true", help="read again where quantiles and histogram are close otherwise"
    )
    parser.add_argument(
        "--sort",
        choices=SORTS,
        metavar="FIELD",
        help=f"largest first; {' and '.join(ASCENDING)} smallest first; counters and optimizer state behind the "
        f"network's own numbers; one of {', '.join(SORTS)}",
    )
    parser.add_argument("--top", type=top_count, metavar="N", help="only the first N of them; all are read")
    return parser


def sorted_reports(tensors: list[dict[str, Any]], sort: str | None) -> list[dict[str, Any]]:
    """Return entries of the report sorted by one of `SORTS`; equal ones as they were, those without a value last.

    What counts or points to something in the network, and what belongs to no network (optimizer, random state), comes
    behind the network's numbers, each sorted for itself: it is nearly always larger.
    """
    if sort is None:
        return tensors
    known = [each for each in tensors if each[sort] is not None]
    known.sort(
        key=lambda each: natural_key(each[sort]) if sort == "path" else each[sort], reverse=sort not in ASCENDING
    )
    if sort != "path":
        known.sort(key=_distance)
    return known + [each for each in tensors if each[sort] is None]


def _distance(tensor: dict[str, Any]) -> int:
    """Return 0 for numbers of the network, 1 for its counters and indices, 2 for what is not of the network."""
    if tensor["kind"] == "state":
        return 2
    return int(tensor["kind"] != "parameter" and tensor["dtype"].startswith(_WHOLE))


def reports_of(tensors: Sequence[NodeFacts], exact: bool, line: ProgressLine) -> list[dict[str, Any]]:
    """Return the entries of `tensors` of the report, in order; an object with several names is read once.

    Args:
        exact: whether to read again where quantiles and histogram are close otherwise.
        line: where to show how far the reading is.
    """
    known: dict[Hashable, StatisticsOf] = {}
    found = []
    total, before = sum(facts.bytes or 0 for facts in tensors), 0
    for facts in tensors:
        if facts.identity not in known:
            known[facts.identity] = statistics(
                facts.readable(), path=facts.key, exact=exact, on_progress=_reporter(line, facts, before, total)
            )
        measured = known[facts.identity]
        found.append(report_of(facts, measured))
        before += facts.bytes or 0
    return found


def selected(tensors: list[NodeFacts], pattern: str | None) -> list[NodeFacts]:
    """Return the tensors at or below the path `pattern`, and those whose path it matches; all where it is None.

    Raises:
        EngineProblem: there are none, of kind `usage`.
    """
    if pattern is None:
        return tensors
    glob, below = Glob(pattern), (f"{pattern}.", f"{pattern}[")
    chosen = [each for each in tensors if each.key.startswith(below) or glob.matches(each.key)]
    if not chosen:
        raise EngineProblem(
            Problem("usage", f"No tensor has a path like {pattern!r}", f"There are {len(tensors):,} of other names.")
        )
    return chosen


def report_of(facts: NodeFacts, found: StatisticsOf) -> dict[str, Any]:
    """Return the entry of a tensor in `tensors`; what was not read, or does not apply, is None."""
    missing = bool(found.absence)
    return {
        "path": facts.key,
        "kind": facts.kind,
        "dtype": facts.dtype,
        "shared_with": list(facts.other_names),
        "count": None if missing else found.count,
        "min": found.minimum,
        "max": found.maximum,
        "min_index": found.minimum_at,
        "max_index": found.maximum_at,
        "absmax": found.absmax,
        "absmax_index": found.absmax_at,
        "mean": found.mean,
        "std": found.std,
        "l2": found.l2,
        "zeros": None if missing else found.zeros,
        "nan": None if missing else found.nan,
        "inf": None if missing else found.inf,
        "quantiles": {f"{which:g}": value for which, value in found.quantiles} or None,
        "quantiles_within": found.quantiles_within if found.quantiles else None,
        "histogram": {"edges": found.edges, "counts": found.counts} if found.counts else None,
        "initial": facts.initial(found),
        "absence": found.absence or None,
        "reason": found.reason or None,
    }


def _reporter(line: ProgressLine, facts: NodeFacts, before: int, total: int) -> OnProgress:
    path, size = clean(facts.key, 200), facts.bytes or 0

    def report(done: float) -> None:
        part = (before + done * size) / max(total, 1)
        line.show(f"{min(part, 1):4.0%} of {total / 1e9:.1f} GB  {path}")

    return report
