"""`run A --with B`: both networks on the same input, and the first call whose result differs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..diff.difference import Difference, Tolerance
from ..opened.facts import amount
from ..safe_text import clean
from ..session.session import Session
from . import INTERRUPTED, WRONG_USE, print_error, refused
from .columns import table
from .options import run_mode
from .output import CommandOutput
from .supervisor import Send, crash, supervise
from .weights import load

DIFFERENT = 1
TIMED_OUT = 124
OPENING = 20.0
"""Seconds that opening both may take beyond `--timeout`."""
NAME = 200
"""Characters of a name that are written."""
WORDS = {"only_a": "only in A", "only_b": "only in B"}
"""What a status is called where people read it, if otherwise."""
MEASURES = (("relative", "relative_l2"), ("max", "max_abs"))
"""Measures of a difference, and how they are called where users read them."""
BEHIND = 8
"""Calls behind the first one that differs which are listed."""


def main(options: argparse.Namespace) -> int:
    """Run A and B in a process of their own, and print where they begin to differ.

    Return 0 when all results are equal or close, 1 when one is not or a forward failed, 2 when there is nothing to run,
    124 on time-out, 130 when interrupted.
    """
    result, report = CommandOutput(), dict[str, Any]()

    def receive(name: str, values: list[Any]) -> None:
        report.update(values[0])

    ending = supervise(partial(work, options), receive)
    if ending.how == "timeout":
        print_error(f"stopped after {options.timeout:g} s")
        return TIMED_OUT
    if ending.how == "interrupted" or report.get("stopped"):
        print_error("interrupted")
        return INTERRUPTED
    if ending.how == "crashed":
        print_error(crash(ending.status)[1])
        return WRONG_USE
    if "calls" not in report:
        return ending.status
    if options.json:
        result.json(report)
    else:
        result.lines(text_of(report))
    return 0 if report["same"] else DIFFERENT


def work(options: argparse.Namespace, send: Send) -> int:
    """Open both and run them, in the child process; `send` the report."""
    from ..session.compared_runs import SEED

    if options.timeout is not None:
        send("clock", options.timeout + OPENING)
    try:
        seed = SEED if options.seed is None else options.seed
        a = _opened(options, options.source, seed)
        load(a, options)
        b = Session()
        b.open(options.other, seed=seed, device=options.device, trust=options.trust)
        name_b = options.other
        if b.is_checkpoint:  # the same network with those weights
            b.close()
            b = _opened(options, options.source, seed)
            load(b, argparse.Namespace(weights=options.other, strict=False, trust=options.trust))
            name_b = f"{options.source} with {options.other}"
        send("clock", options.timeout)
        report = _report(options, a, b, name_b)
    except KeyboardInterrupt:
        send("part", {"stopped": "interrupted"})
        return 0
    except Exception as error:
        return refused(error)
    send("part", report)
    return 0


def _opened(options: argparse.Namespace, source: str, seed: int) -> Session:
    session = Session()
    session.open(
        source,
        inputs=options.input,
        inputs_from=options.inputs,
        seed=seed,
        device=options.device,
        trust=options.trust,
    )
    session.root  # noqa: B018  (raises for a checkpoint, which has nothing to run)
    return session


def _report(options: argparse.Namespace, a: Session, b: Session, name_b: str) -> dict[str, Any]:
    from ..session.compared_runs import CallPair, compare_runs

    mode = run_mode(options)
    found = compare_runs(a, b, mode, Tolerance(options.rtol, options.atol))

    def of_pair(pair: CallPair) -> dict[str, Any]:
        call = pair.call
        return {
            "a": None if pair.a is None else pair.a.index,
            "b": None if pair.b is None else pair.b.index,
            "module": call.module,
            "op": call.op,
            "depth": call.depth,
            "where": call.where or None,
            **_measures(pair.difference),
            "status": "only_a" if pair.b is None else "only_b" if pair.a is None else _status(pair.difference),
        }

    first = None if found.first is None else found.pairs.index(found.first)
    failed = [None if problem is None else problem.title for problem in found.problems]
    return {
        "a": options.source,
        "b": " ".join([name_b, *(f"in {word}" for word in [", ".join(mode.words)] if word)]),
        "input": a.inputs.text or None,
        "same": first is None and failed == [None, None],
        "failed": failed,
        "first": first,
        "given_alike": found.given_alike,
        "given": None if found.given is None else found.given.sentence,
        "read": [{"path": each.path, **_measures(each)} for each in found.read],
        "calls": [of_pair(pair) for pair in found.pairs],
    }


def _status(found: Difference | None) -> str | None:
    return None if found is None else found.status


def _measures(found: Difference | None) -> dict[str, Any]:
    numbers = None if found is None else found.comparison
    return {
        "status": _status(found),
        "max_abs": numbers and numbers.max_abs,
        "relative_l2": numbers and numbers.relative_l2,
        "cosine": numbers and numbers.cosine,
        "index": None if numbers is None or numbers.index is None else list(numbers.index),
        "reason": (found.reason or None) if found is not None else None,
    }


def text_of(report: dict[str, Any]) -> Iterator[str]:
    """Yield the result as text: where both begin to differ, why as far as that is known, and what follows."""
    yield f"A {clean(report['a'], NAME)}"
    yield f"B {clean(report['b'], NAME)}"
    for side, failed in zip("AB", report["failed"], strict=True):
        if failed:
            yield f"the forward of {side} failed: {clean(failed, 500)}"
    calls, first = report["calls"], report["first"]
    unread = sum(call["status"] == "unreadable" for call in calls)
    if first is None:
        yield f"{amount(len(calls), 'call')}: {_alike(calls)}"
    else:
        yield ""
        yield f"the first call whose result differs is #{first} of {amount(len(calls), 'call')}:"
        yield from _lines(calls[first : first + 1], first)
        yield from _why(report, calls[first])
        rest = [(at, call) for at, call in enumerate(calls[first + 1 :], first + 1) if _differs(call)]
        if rest:
            yield ""
            yield f"behind it {amount(len(rest), 'more call')} differ{'s' if len(rest) == 1 else ''}:"
            for at, call in rest[:BEHIND]:
                yield from _lines([call], at)
    if unread:
        yield f"{amount(unread, 'result')} could not be compared"


def _alike(calls: list[dict[str, Any]]) -> str:
    """Return how far the results of calls are apart of which none differs."""
    close = {at: call for at, call in enumerate(calls) if call["status"] not in (None, "equal", "unreadable")}
    if not close:
        return "every result that could be compared is equal"
    furthest = max(close, key=lambda at: close[at]["relative_l2"] or 0.0)
    call = close[furthest]
    place = clean(f"#{furthest} {call['op']} {call['module']}".rstrip(), NAME)
    how = [f"{word} {call[key]:.3g}" for word, key in MEASURES if call[key] is not None]
    equal = sum(call["status"] == "equal" for call in calls)
    counted = f"every result that could be compared is equal ({equal:,}) or close ({len(close):,})"
    return f"{counted}, the furthest apart {', '.join([place, *how])}"


def _differs(call: dict[str, Any]) -> bool:
    return call["status"] not in (None, "equal", "close", "unreadable")


def _why(report: dict[str, Any], call: dict[str, Any]) -> Iterator[str]:
    if call["status"] in ("only_a", "only_b"):
        yield f"  {'A' if call['status'] == 'only_a' else 'B'} alone makes this call"
        return
    if report["given"] is not None:
        yield f"  {report['given']}"
    for each in report["read"]:
        relative = "" if each["relative_l2"] is None else f", relative {each['relative_l2']:.3g}"
        yield f"  it reads {clean(each['path'], NAME)}, which is {each['status']}{relative}"


def _lines(calls: list[dict[str, Any]], start: int) -> Iterator[str]:
    rows = []
    for at, call in enumerate(calls, start):
        relative, largest = call["relative_l2"], call["max_abs"]
        rows.append(
            (
                f"  #{at}",
                clean(call["op"], NAME),
                clean(call["module"] or "(root)", NAME),
                WORDS.get(call["status"], call["status"] or ""),
                "" if relative is None else f"relative {relative:.3g}",
                "" if largest is None else f"max {largest:.3g}",
                "" if call["index"] is None else f"at {call['index']}",
                clean(call["where"] or "", NAME),
            )
        )
    yield from table(rows, (8, 16, 30, 10, 16, 14, 14, 20))
