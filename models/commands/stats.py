"""`stats SOURCE [PATTERN]`: statistics of tensor values, streamed, as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..messages import Problem, StatisticsOf
from ..messages.errors import EngineProblem
from ..safe_text import clean
from ..session.session import Session
from ..tree.globs import Glob
from . import stats_text
from .options import parser_for
from .output import Result
from .progress_line import ProgressLine

if TYPE_CHECKING:
    from ..checkpoint.model import CheckpointModel
    from ..live.live_model import LiveModel
    from ..live.outline import Node

UNREADABLE = 2
OnProgress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """One tensor to be measured."""

    path: str
    bytes: int
    measure: Callable[[OnProgress], StatisticsOf]
    initial: Callable[[StatisticsOf], dict[str, Any] | None]
    """What is known of its initial values, from its statistics."""


def main(argv: list[str]) -> int:
    """Print statistics of the tensors of SOURCE: 0, or 2 when one of them cannot be read."""
    from . import tell

    parser = parser_for(
        "stats",
        "Tell statistics of tensor values, of any size, in little memory: moments and extremes of the finite ones, "
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
    options = parser.parse_args(argv)
    result = Result()
    found = []
    with ProgressLine() as line:
        session = Session()
        session.open(
            options.source, seed=options.seed, device=options.device, trust=options.trust, progress=line.tell
        )  # fmt: skip
        subjects = selected(subjects_of(session, options.exact), options.pattern)
        total, before = sum(each.bytes for each in subjects), 0
        for subject in subjects:
            statistics = subject.measure(_told(line, subject, before, total))
            found.append(report_of(subject.path, statistics, subject.initial(statistics)))
            before += subject.bytes
    if options.json:
        source = session.model.source
        result.json({"source": source.source, "kind": source.kind, "tensors": found})
    else:
        result.lines(stats_text.text_of(found))
    gone = sum(each["absence"] == "gone" for each in found)
    if gone:
        tell(f"{gone:,} tensors could not be read: {next(each['reason'] for each in found if each['absence'])}")
        return UNREADABLE
    return 0


def subjects_of(session: Session, exact: bool) -> list[Subject]:
    """All tensors of what is open, in tree order."""
    if session.is_checkpoint:
        return list(_stored(cast("CheckpointModel", session.model), exact))
    return list(_live(session.live, exact))


def _stored(model: CheckpointModel, exact: bool) -> Iterator[Subject]:
    from ..stored.statistics import stored_statistics
    from ..stored.stored import Stored

    for node in range(len(model.tree)):
        leaf = model.tree.leaf(node)
        if isinstance(leaf, Stored):

            def measure(told: OnProgress, leaf: Stored = leaf) -> StatisticsOf:
                return stored_statistics(leaf, path=leaf.path, exact=exact, progress=told)

            yield Subject(leaf.path, leaf.nbytes, measure, lambda found: None)


def _live(model: LiveModel, exact: bool) -> Iterator[Subject]:
    from ..tensors.statistics.tensor import statistics
    from ..tensors.tensors import size_in_bytes

    known: dict[int, StatisticsOf] = {}  # of a shared tensor once

    for node in model.outline.nodes:
        if not node.is_tensor:
            continue
        tensor = cast("Any", node.item)

        def measure(told: OnProgress, node: Node = node, tensor: Any = tensor) -> StatisticsOf:
            if id(tensor) not in known:
                known[id(tensor)] = statistics(tensor, path=node.path, exact=exact, progress=told)
            return known[id(tensor)]

        def initial(found: StatisticsOf, node: Node = node, tensor: Any = tensor) -> dict[str, Any] | None:
            return _initial(model, node, tensor, found)

        yield Subject(node.path, size_in_bytes(tensor) or 0, measure, initial)


def _initial(model: LiveModel, node: Node, tensor: Any, found: StatisticsOf) -> dict[str, Any] | None:
    from ..live.describe.defaults import initialiser_of
    from ..live.describe.draws import judge

    rule = initialiser_of(model.outline, node)
    if not rule:
        return None
    draw = judge(rule, tensor, found)
    return {"rule": rule, "consistent": draw.consistent, "p": draw.p}


def selected(subjects: list[Subject], pattern: str | None) -> list[Subject]:
    """Those of the path or below it, or of a path that matches; raises EngineProblem when there are none."""
    if pattern is None:
        return subjects
    glob, below = Glob(pattern), (f"{pattern}.", f"{pattern}[")
    chosen = [each for each in subjects if each.path.startswith(below) or glob.matches(each.path)]
    if not chosen:
        raise EngineProblem(
            Problem("usage", f"No tensor has a path like {pattern!r}", f"There are {len(subjects):,} of other names.")
        )
    return chosen


def report_of(path: str, found: StatisticsOf, initial: dict[str, Any] | None) -> dict[str, Any]:
    """One entry of `tensors`; what was not read, or does not apply, is None."""
    missing = bool(found.absence)
    return {
        "path": path,
        "count": None if missing else found.count,
        "min": found.minimum,
        "max": found.maximum,
        "mean": found.mean,
        "std": found.std,
        "l2": found.l2,
        "zeros": None if missing else found.zeros,
        "nan": None if missing else found.nan,
        "inf": None if missing else found.inf,
        "quantiles": {f"{which:g}": value for which, value in found.quantiles} or None,
        "quantiles_within": found.quantiles_within if found.quantiles else None,
        "histogram": {"edges": found.edges, "counts": found.counts} if found.counts else None,
        "initial": initial,
        "absence": found.absence or None,
        "reason": found.reason or None,
    }


def _told(line: ProgressLine, subject: Subject, before: int, total: int) -> OnProgress:
    def told(done: float) -> None:
        part = (before + done * subject.bytes) / max(total, 1)
        line.tell(f"{min(part, 1):4.0%} of {total / 1e9:.1f} GB  {clean(subject.path, 200)}")

    return told
