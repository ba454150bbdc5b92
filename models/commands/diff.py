"""`diff A B`: what differs between two models or checkpoints, as text or JSON."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable

from ..diff.difference import ATOL, RTOL, STATUSES, Difference, Tally, Tolerance
from ..diff.items import differing_items
from ..diff.pairing import NamesClash, Pairs, pair, rename, suggestion
from ..diff.stream import differences
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.source import OpenOptions, Source, SourceError
from ..safe_text import clean
from ..sources.opening import open_source
from ..tree.globs import Glob, Rename
from . import diff_report, diff_text
from .options import Parser, parser_for
from .output import Result
from .progress_line import ProgressLine

DIFFERENT = 1
UNREADABLE = 2


def main(argv: list[str]) -> int:
    """Compare A and B: 0 when all tensors are equal or close, 1 when one is not, 2 when one cannot be read.

    What differs beside tensors is told, and does not count.
    """
    from . import tell

    options = _parser().parse_args(argv)
    result = Result()
    with ProgressLine() as line:
        a, b = (_opened(text, options, line) for text in (options.a, options.b))
        pairs = _paired(a, b, options)
        tally, found = Tally(), list[Difference]()
        for difference in differences(pairs, Tolerance(options.rtol, options.atol), _told(line)):
            tally.add(difference)
            if _wanted(difference, options):
                found.append(difference)
    items = differing_items(a, b, options.rename, options.match and options.match.matches)
    items = [each for each in items if not options.only or each.status in options.only]
    for rule in pairs.idle:
        tell(f"--rename {pasted(rule)} fits no tensor of A")
    if hint := _hint(pairs):
        tell(hint)
    if options.json:
        result.json(diff_report.report_of(a, b, pairs, found, items, tally, options.rtol, options.atol))
    else:
        result.lines(diff_text.text_of(a, b, pairs, found, items, tally))
    if tally.differs:
        return DIFFERENT
    if tally.counts["unreadable"]:
        tell(f"{tally.counts['unreadable']:,} tensors could not be compared")
        return UNREADABLE
    return 0


def _parser() -> Parser:
    parser = parser_for(
        "diff",
        "Compare two models or checkpoints tensor by tensor, of any two kinds and any size. Statuses are equal, close "
        "(as torch.allclose has it), changed, shape, dtype (told with what the numbers say all the same), only_a, "
        "only_b and unreadable. Exit status 0: all are equal or close; 1: differences; 2: something could not be read. "
        "Of two checkpoints it also tells what differs beside tensors (an epoch, a learning rate, metadata), which "
        "does not count for the exit status.",
        "modulescope diff before.safetensors after.safetensors --only changed",
        ("A", "B"),
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=STATUSES,
        metavar="STATUS",
        help=f"list tensors of this status alone, again for another one: {', '.join(STATUSES)}",
    )
    parser.add_argument(
        "--match",
        type=Glob,
        default=None,
        metavar="PATTERN",
        help="compare only tensors and items of such a path, after renaming, and no metadata; * is any text: "
        "'layers.*.weight'",
    )
    parser.add_argument(
        "--rename",
        action="append",
        type=_rule,
        default=[],
        metavar="OLD=NEW",
        help="a path of A that begins with OLD begins with NEW instead ('model.=' takes a prefix away); with * a whole "
        "path: '*.gamma=*.weight'. Again for another rule, applied in turn",
    )
    parser.add_argument(
        "--rtol", type=_tolerance, default=RTOL, metavar="X", help=f"close is |a - b| <= ATOL + X * |b| ({RTOL:g})"
    )
    parser.add_argument("--atol", type=_tolerance, default=ATOL, metavar="X", help=f"the least of that ({ATOL:g})")
    return parser


def _rule(text: str) -> Rename:
    try:
        return Rename(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _tolerance(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return number


def _opened(text: str, options: argparse.Namespace, line: ProgressLine) -> Source:
    how = OpenOptions(trust=options.trust, progress=line.tell)
    try:
        return open_source(text, seed=options.seed, device=options.device, how=how)
    except SourceError as error:
        raise EngineProblem(Problem("source", error.title, error.text, where=error.where)) from None


def _paired(a: Source, b: Source, options: argparse.Namespace) -> Pairs:
    from ..diff.sources import tensors_of

    mine, theirs = tensors_of(a), tensors_of(b)
    try:
        idle = rename(mine, options.rename)
    except NamesClash as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    match: Callable[[str], bool] = options.match.matches if options.match else lambda path: True
    pairs = pair(mine, theirs, (a.checkpoint is None) == (b.checkpoint is None), match)
    pairs.idle = [options.rename[at].text for at in idle]
    if options.match and not pairs.both and not pairs.left_out:
        raise EngineProblem(Problem("usage", f"no tensor of either is called {options.match.text!r}"))
    return pairs


def _wanted(difference: Difference, options: argparse.Namespace) -> bool:
    if options.only:
        return difference.status in options.only
    return options.json or difference.status != "equal"


def _told(line: ProgressLine) -> Callable[[int, int, str], None]:
    def told(done: int, total: int, path: str) -> None:
        line.tell(f"{min(done / max(total, 1), 1):4.0%} of {total / 1e9:.1f} GB  {clean(path, 200)}")

    return told


def _hint(pairs: Pairs) -> str:
    """What may bring more names together; empty where enough are."""
    if pairs.common >= max(len(pairs.only_a), len(pairs.only_b)):
        return ""
    found = suggestion(pairs)
    if found is None:
        return ""
    rule, count = found
    names = "name is" if pairs.common == 1 else "names are"
    return f"{pairs.common:,} {names} in both; with --rename {pasted(rule)} {count:,} more would be"


def pasted(rule: str) -> str:
    """A rule as it can be pasted to a shell; a first `=` is quoted too, which zsh would take for a program's path."""
    text = clean(rule, 200)
    quoted = shlex.quote(text)
    return f"'{text}'" if quoted == text and text.startswith("=") else quoted
