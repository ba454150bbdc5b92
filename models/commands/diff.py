"""`diff A B`: what differs between two models or checkpoints, as text or JSON."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable

from ..diff.difference import ATOL, RTOL, STATUSES, Difference, Tally, Tolerance
from ..diff.glance import differ_at_a_glance
from ..diff.items import differing_items
from ..diff.modules import MeasureSquares, ModuleChanges
from ..diff.pairing import NamesClash, Pairs, pair, rename
from ..diff.ranking import largest, worst_first
from ..diff.stream import differences_at_once
from ..diff.sums import Sum
from ..diff.tensors import Comparable
from ..diff.workers import Workers
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..opened.open_model import OpenModel
from ..safe_text import clean
from ..session.rename_proposal import rename_proposal, reshaped
from ..session.session import Session
from ..tree.globs import Glob
from ..work.imported import import_torch_beside, torch_is_there
from . import diff_report, diff_text
from .options import CommandParser, parser_for, rename_rule, tolerance, top_count
from .output import CommandOutput
from .progress_line import ProgressLine

DIFFERENT = 1
UNREADABLE = 2
RULES = 4
"""Renames that a hint names, at most."""


def main(argv: list[str]) -> int:
    """Compare the tensors of A and B, and list what else differs.

    Return 0 when all tensors are equal or close, 1 when one is not, 2 when one cannot be read.  What differs beside
    tensors does not count.
    """
    from . import print_error

    options = _parser().parse_args(argv)
    result = CommandOutput()
    with ProgressLine() as line:
        a, b = (_opened(text, options, line) for text in (options.a, options.b))
        pairs = _paired(a, b, options)
        tally, changes, found = Tally(), ModuleChanges(pairs), list[Difference]()
        tolerance = Tolerance(options.rtol, options.atol)
        if differ_at_a_glance(pairs):
            import_torch_beside()  # what is equal is then read once, with what modules need of it
        for together in differences_at_once(pairs, tolerance, _on_progress(line), None, True, torch_is_there):
            changes.add_all(together)
            for difference in together:
                tally.add(difference)
            found += (each for each in together if _wanted(each, options))
        changes.measure_rest(_measure_squares(line))
    items = differing_items(a.source, b.source, options.rename, options.match and options.match.matches)
    items = [each for each in items if not options.only or each.status in options.only]
    for rule in pairs.unused:
        print_error(f"--rename {pasted(rule)} fits no tensor of A")
    if hint := _hint(pairs, options):
        print_error(hint)
    left_off = None
    if options.top is not None:
        found, left_off = largest(found, options.top)
    elif not options.json:
        found = worst_first(found)
    shown = (a.source, b.source, pairs, found, items, tally, changes.modules)
    if options.json:
        result.json(diff_report.report_of(*shown, options.rtol, options.atol, left_off or 0))
    else:
        result.lines(diff_text.text_of(*shown, result.width, left_off))
    if tally.differs:
        if not options.json and os.isatty(result.descriptor):
            a_text, b_text = (pasted(text) for text in (options.a, options.b))
            print_error(f"modulescope {a_text} --with {b_text} shows both as one tree, with their values")
        return DIFFERENT
    if tally.counts["unreadable"]:
        print_error(f"{amount(tally.counts['unreadable'], 'tensor')} could not be compared")
        return UNREADABLE
    return 0


def _parser() -> CommandParser:
    parser = parser_for(
        "diff",
        "Compare two models or checkpoints tensor by tensor, of any two kinds and any size. Statuses are equal, close "
        "(as torch.allclose has it), changed, shape, dtype (reported with what the numbers say all the same), only_a, "
        "only_b and unreadable. Exit status 0: all are equal or close; 1: differences; 2: something could not be read. "
        "Of two checkpoints it also reports what differs beside tensors (an epoch, a learning rate, metadata), which "
        "does not count for the exit status. Each tensor comes with the index of its largest change; modules are "
        "summed up, all tensors in one together.",
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
        "--top",
        type=top_count,
        metavar="N",
        help="list the N largest changes alone, the largest first: by relative L2, then max |a-b|, before them those "
        "from or to NaN or infinity, after them an optimizer's; what differs in shape, dtype or name comes below",
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
        type=rename_rule,
        default=[],
        metavar="OLD=NEW",
        help="a path of A that begins with OLD begins with NEW instead ('model.=' takes a prefix away); with * a whole "
        "path: '*.gamma=*.weight'; {n} is a number: 'layers.{n}.=blocks.{n-1}.'. Again for another rule, in turn",
    )
    parser.add_argument(
        "--rtol", type=tolerance, default=RTOL, metavar="X", help=f"close is |a - b| <= ATOL + X * |b| ({RTOL:g})"
    )
    parser.add_argument("--atol", type=tolerance, default=ATOL, metavar="X", help=f"the least of that ({ATOL:g})")
    return parser


def _opened(text: str, options: argparse.Namespace, line: ProgressLine) -> OpenModel:
    session = Session()
    session.open(text, seed=options.seed, device=options.device, trust=options.trust, on_progress=line.show)
    return session.model


def _paired(a: OpenModel, b: OpenModel, options: argparse.Namespace) -> Pairs:
    from ..diff.sources import every_tensor

    mine, theirs = every_tensor(a), every_tensor(b)
    try:
        unused = rename(mine, options.rename)
    except NamesClash as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    match: Callable[[str], bool] = options.match.matches if options.match else lambda path: True
    pairs = pair(mine, theirs, type(a) is type(b), match)
    pairs.unused = [options.rename[at].text for at in unused]
    if options.match and not pairs.both and not pairs.left_out:
        raise EngineProblem(Problem("usage", f"no tensor of either is called {options.match.text!r}"))
    return pairs


def _wanted(difference: Difference, options: argparse.Namespace) -> bool:
    if options.only:
        return difference.status in options.only
    return options.json or difference.status != "equal"


def _on_progress(line: ProgressLine) -> Callable[[int, int, str], None]:
    def show(done: int, total: int, path: str) -> None:
        line.show(f"{min(done / max(total, 1), 1):4.0%} of {total / 1e9:.1f} GB  {clean(path, 200)}")

    return show


def _measure_squares(line: ProgressLine) -> MeasureSquares:
    """Return what reads the tensors again that were equal before anything differed: modules are relative to them."""

    def measure(tensor: Comparable) -> Sum | None:
        from ..diff.squares import squares_of

        line.show(f"sums of modules  {clean(tensor.path, 200)}")
        with Workers() as workers:
            return squares_of(tensor.readable, workers)

    return measure


def _hint(pairs: Pairs, options: argparse.Namespace) -> str:
    """Return what may bring more names together; empty where enough are."""
    names = "name is" if pairs.common == 1 else "names are"
    a, b = (clean(text, 200) for text in (options.a, options.b))
    found = rename_proposal(pairs)
    if found is None:
        others = reshaped(pairs)
        which = f"{others:,} tensors of A are" if others > 1 else "1 tensor of A is"
        how = f"cut, put together or swapped in B: modulescope fit {b} {a} says how"
        return f"{pairs.common:,} {names} in both; {which} {how}" if others else ""
    if len(found.rules) > RULES:
        return (
            f"{pairs.common:,} {names} in both; with {len(found.rules):,} renames {found.more:,} more would be: "
            f"modulescope fit {b} {a} lists them"
        )
    rules = " ".join(f"--rename {pasted(rule)}" for rule in found.rules)
    how = "with A and B the other way around and" if found.of_b else "with"
    return f"{pairs.common:,} {names} in both; {how} {rules} {found.more:,} more would be"


def pasted(rule: str) -> str:
    """Return `rule` quoted as it can be pasted to a shell.

    A first `=` is quoted too, which zsh would take for a program's path.
    """
    text = clean(rule, 200)
    quoted = shlex.quote(text)
    return f"'{text}'" if quoted == text and text.startswith("=") else quoted
