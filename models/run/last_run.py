"""What the last run did with one module or tensor: the facts that stand in Info beside those of the object itself."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ..messages import CallBackward, CallTensor, FactGroup, ModuleRun, RunTotals, TreeRow
from ..opened.facts import FactList, with_facts
from ..sources.wording import size_text
from .trace.call_mode import mode_text
from .trace.call_statistics import OutputStatistics
from .trace.calls import INTERRUPTED, Call, shape_as_text
from .trace.record import Trace
from .trace.totals import totals_of
from .trace.weight_norms import WeightNorms, hypot, norms_at, with_modules
from .trace.went_back import WentBack

TITLE = "Last run"
LINKS = 20
"""Calls that are named one by one."""
USES = 6
"""Parts of a gradient that are listed."""
NO_WEIGHTS: Mapping[str, WeightNorms] = {}
ALIKE = 1e-3
"""Distance of the rows of a batch below which they are said to be nearly alike."""


def facts_of_run(
    trace: Trace, path: str, is_module: bool, run: int = 0, weights: Mapping[str, WeightNorms] = NO_WEIGHTS
) -> list[FactGroup]:
    """Return what a run, which may go on, did with the module or tensor at `path`, as one group.

    Its calls are links; `run` is their run's number.  `weights` are the gradients that parameters have now.
    """
    calls = trace.calls
    facts = FactList(TITLE)
    if is_module:
        failed_here = trace.failed is not None and trace.failed.module == path
        its = [call for call in calls if call.kind == "module" and call.module == path]
        _module(facts, its, calls, trace.hint if failed_here else "", run)
        _relative(facts, weights, path, "Gradients of its weights")
    else:
        _tensor(facts, [call for call in calls if path in call.tensors], run)
        _relative(facts, weights, path, "Gradient")
        _gradient(facts, trace.went_back, path)
    return with_facts([facts])


def modules_of_run(trace: Trace | None, weights: Mapping[str, WeightNorms] = NO_WEIGHTS) -> dict[str, ModuleRun]:
    """Return by path what a run did with each module that it called.

    Args:
        trace: of the run; None for none.
        weights: the gradients that parameters have now: they stand there too, and at the modules that hold them.
    """
    modules = {} if trace is None else _called(trace)
    nothing = ModuleRun(calls=0, output="")
    for path, norms in with_modules(weights).items():
        modules[path] = replace(modules.get(path, nothing), weight_gradient=norms.gradient, weight=norms.weight)
    return modules


def _called(trace: Trace) -> dict[str, ModuleRun]:
    calls = trace.calls
    found: dict[str, list[Call]] = {}
    for call in calls:
        if call.kind == "module":
            found.setdefault(call.module, []).append(call)
    totals = totals_of(calls)
    backward = sum(call.backward.seconds for call in calls if not call.depth and call.backward is not None)
    failed = None if trace.failed is None or trace.failed.failed == INTERRUPTED else trace.failed.module
    called = {path: _together(its, totals, backward, path == failed) for path, its in found.items()}
    return {**_containers(called), **called}


def _containers(called: dict[str, ModuleRun]) -> dict[str, ModuleRun]:
    """Return by path what modules took together that are called while what holds them is not, as in a `ModuleList`."""
    within: dict[str, list[ModuleRun]] = {}
    for path, run in called.items():
        above = path.rpartition(".")[0]
        while above and above not in called:
            within.setdefault(above, []).append(run)
            above = above.rpartition(".")[0]
    return {path: _joined(runs) for path, runs in within.items()}


def _joined(runs: list[ModuleRun]) -> ModuleRun:
    gradients = [run.gradient for run in runs if run.gradient is not None]
    return ModuleRun(
        calls=0,
        output="",
        seconds=_share_of([run.seconds for run in runs]),
        flops=_share_of([run.flops for run in runs]),
        kept=_share_of([run.kept for run in runs]),
        peak=max([run.peak for run in runs if run.peak is not None], default=None),
        gradient=max(gradients, default=None),
        backward=_share_of([run.backward for run in runs]),
        weight_gradient=_hypot([run.weight_gradient for run in runs]),
        weight=_hypot([run.weight for run in runs]),
        problem=max((run.problem for run in runs), key=("", "nonfinite", "failed").index),
    )


def with_run(row: TreeRow, modules: dict[str, ModuleRun]) -> TreeRow:
    """Return the row of the tree with what the last run did with its module, or with those of a group together."""
    run = run_of_row(row, modules)
    return row if run is None else replace(row, run=run)


def run_of_row(row: TreeRow, modules: dict[str, ModuleRun]) -> ModuleRun | None:
    """Return what the last run did with the module or parameter of a row, or with those of a group together.

    None where it did nothing with them.
    """
    if row.kind in ("module", "hidden", "parameter"):
        return modules.get(row.path)
    if row.kind != "group":
        return None
    above, dot, name = row.path.rpartition(".")
    first, _, last = name.strip("[]").partition("–")
    paths = [f"{above}{dot}{number}" for number in range(int(first), int(last) + 1)]
    runs = [modules[path] for path in paths if path in modules]
    if not runs:
        return None
    return replace(_joined(runs), calls=sum(run.calls for run in runs), output=runs[-1].output, rows=runs[-1].rows)


def _hypot(norms: list[float | None]) -> float | None:
    known = [norm for norm in norms if norm is not None]
    return hypot(known) if known else None


def _share_of(parts: list[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return min(sum(known), 1.0) if known else None


def _share(part: float | None, whole: float | None) -> float | None:
    """Return a part of what the run took, 1 at most; None where either is not known."""
    return min(part / whole, 1.0) if part is not None and whole else None


def _together(calls: list[Call], totals: RunTotals, backward_of_run: float, has_failed: bool) -> ModuleRun:
    last = calls[-1]
    passed = [call.backward for call in calls if call.backward is not None]
    statistics = [call.statistics for call in calls if call.statistics is not None]
    seconds = [call.seconds for call in calls if call.seconds is not None]
    flops = [call.flops for call in calls if call.flops is not None]
    kept = [call.kept for call in calls if call.kept is not None]
    peaks = [call.peak for call in calls if call.peak is not None]
    nonfinite = any(each.nan or each.inf for each in statistics)
    has_failed = has_failed or any(call.failed and call.failed != INTERRUPTED for call in calls)
    return ModuleRun(
        calls=sum(call.repeat for call in calls),
        output=shape_as_text(last.output),
        seconds=_share(sum(seconds) if seconds else None, totals.seconds),
        flops=_share(sum(flops) if flops else None, totals.flops),
        kept=_share(sum(kept) if kept else None, totals.kept),
        peak=_share(max(peaks, default=None), totals.peak),
        rows=None if last.statistics is None else last.statistics.rows,
        gradient=passed[-1].norm if passed else None,
        backward=_share(sum(each.seconds for each in passed) if passed else None, backward_of_run),
        problem="failed" if has_failed else "nonfinite" if nonfinite else "",
    )


def _module(facts: FactList, calls: list[Call], everything: list[Call], because: str, run: int) -> None:
    if not calls:
        facts.add("Called", "not in the last run")
        return
    times, rows = sum(call.repeat for call in calls), len(calls)
    facts.add("Called", times_text(times) + (f", in {rows:,} rows of Calls" if rows > 1 else ""))
    for call in calls[:LINKS]:
        facts.add("Call" if rows > 1 else "Its call", line_of_call(call), CallTensor(run=run, call=call.index))
    if rows > LINKS:
        facts.add("Call", f"and {rows - LINKS:,} more")
    last = calls[-1]
    facts.add("At", last.where)
    facts.add("Mode", mode_text(everything, last.index))
    facts.add("Input", ", ".join(shape_as_text(shape) or "·" for shape in last.inputs))
    facts.add("Output", shape_as_text(last.output) + ("" if last.bytes is None else f", {size_text(last.bytes)}"))
    facts.add(*ending_of(last))
    facts.add("Because", because)
    _costs(facts, calls, everything)
    statistics = [call.statistics for call in calls if call.statistics is not None]
    if statistics:
        joined = statistics[0]
        for each in statistics[1:]:
            joined = joined.joined(each)
        facts.add("Output values", values_text(joined))
        facts.add("Rows of the batch", rows_text(statistics[-1].rows))
    _went_back(facts, calls)
    facts.add("Note", "; ".join(dict.fromkeys(call.note for call in calls if call.note)))


def _went_back(facts: FactList, calls: list[Call]) -> None:
    found: list[CallBackward] = [call.backward for call in calls if call.backward is not None]
    if not found:
        return
    norm = found[-1].norm
    facts.add("Gradient at its output", "" if norm is None else f"norm {norm:.3g}")
    facts.add("Backward took", duration_text(sum(each.seconds for each in found)))
    made = next((each.nonfinite for each in found if each.nonfinite), "")
    facts.add("Backward made", f"{made}, out of finite gradients" if made else "")


def _costs(facts: FactList, calls: list[Call], everything: list[Call]) -> None:
    totals = totals_of(everything)
    is_part = calls[0].depth > 0
    timed = [call for call in calls if call.seconds is not None]
    if not timed and all(call.peak is None for call in calls):
        return  # its first call goes on
    if timed:
        seconds = sum(call.seconds or 0.0 for call in timed)
        own = sum(call.self_seconds or 0.0 for call in timed)
        share = f"; {seconds / totals.seconds:.0%} of the run" if totals.seconds and is_part else ""
        facts.add("Took", f"{duration_text(seconds)}, {duration_text(own)} of it its own{share}")
    counted = [call.flops for call in calls if call.flops is not None]
    if counted:
        single = sum(call.elementwise or 0 for call in calls)
        share = f", {sum(counted) / totals.flops:.0%} of the run" if totals.flops and is_part else ""
        facts.add("FLOPs", f"{sum(counted):,}{share}; and {single:,} operations on single elements")
    else:
        facts.add("FLOPs", "not counted")
    kept = [call.kept for call in calls if call.kept is not None]
    if kept:
        share = f", {sum(kept) / totals.kept:.0%} of the run" if totals.kept and is_part else ""
        facts.add("Kept for backward", f"{size_text(sum(kept))}{share}")
    peaks = [call.peak for call in calls if call.peak is not None]
    if peaks:
        share = f"; {size_text(totals.peak)} in the whole run" if totals.peak and is_part else ""
        facts.add("Most activations alive", f"{size_text(max(peaks))} while it ran{share}")


def _tensor(facts: FactList, calls: list[Call], run: int) -> None:
    if not calls:
        facts.add("Read by", "no call of the last run")
    for call in calls[:LINKS]:
        place = CallTensor(run=run, call=call.index)
        facts.add("Read by", f"{line_of_call(call)}{f' at {call.where}' if call.where else ''}", place)
    if len(calls) > LINKS:
        facts.add("Read by", f"and {len(calls) - LINKS:,} more")


def name_of_call(call: Call) -> str:
    """Return what is called, in a few words: `linear in encoder.fc`, `Linear encoder.fc`."""
    if call.kind == "module":
        return f"{call.op} {call.module}".rstrip()
    return f"{call.op} in {call.module or 'the network'}"


def ending_of(call: Call) -> tuple[str, str]:
    """Return how a call ended that returned nothing, as a fact: what the user interrupted did not fail."""
    return ("Ended" if call.failed == INTERRUPTED else "Failed"), call.failed


def line_of_call(call: Call) -> str:
    """Return a call with the index of its row and the shape of what it returned: `17 Linear encoder.fc  [2, 64]`."""
    shape = shape_as_text(call.output)
    times = f" ×{call.repeat:,}" if call.repeat > 1 else ""
    return f"{call.index} {name_of_call(call)}{times}" + (f"  {shape}" if shape else "")


def _relative(facts: FactList, weights: Mapping[str, WeightNorms], path: str, label: str) -> None:
    norms = norms_at(weights, path)
    if norms is None:
        return
    relative = norms.relative
    beside = f"{relative:.2g} of the weight's, {norms.weight:.3g}" if relative is not None else "the weight is 0"
    facts.add(label, f"norm {norms.gradient:.3g}, {beside}")


def _gradient(facts: FactList, went_back: WentBack | None, path: str) -> None:
    if went_back is None:
        return
    reason = went_back.reasons.get(path)
    if reason is not None and reason.cause != "frozen":
        facts.add("Gradient is 0" if reason.cause == "zero" else "No gradient", reason.text)
    uses = went_back.uses.get(path, [])
    for use in uses[:USES]:
        call, times = use.call, len(use.norms)
        name = "outside of the network" if call is None else call.module or call.op
        at = f" at {call.where}" if call is not None and call.where else ""
        norm = (
            f"{min(use.norms):.3g} to {max(use.norms):.3g}, {times_text(times)},"
            if times > 1
            else f"{use.norms[0]:.3g}"
        )
        facts.add("Part of the gradient", f"{norm} by {name}{at}")
    if len(uses) > USES:
        facts.add("Part of the gradient", f"and {len(uses) - USES:,} more")


def values_text(found: OutputStatistics) -> str:
    """Return statistics in one line: `-0.54 to 0.92, mean 0.19, std 0.4; 31% zeros`."""
    parts = []
    if found.finite:
        parts.append(f"{found.minimum:.3g} to {found.maximum:.3g}, mean {found.mean:.3g}, std {found.std:.3g}")
    if found.zeros:
        share = "all" if found.zeros == found.elements else f"{100 * found.zeros / found.elements:.2g}%"
        parts.append(f"{share} zeros")
    parts += [f"{count:,} {name}" for count, name in ((found.nan, "NaN"), (found.inf, "infinite")) if count]
    return "; ".join(parts)


def rows_text(rows: float | None) -> str:
    """Return how unlike the rows of a batch are, in words; empty where that is not known."""
    if rows is None:
        return ""
    if not rows:
        return "identical"
    return f"{100 * rows:.2g}% apart" + (": nearly alike" if rows < ALIKE else "")


def times_text(times: int) -> str:
    """Return `once`, `twice` or `3 times`."""
    return {1: "once", 2: "twice"}.get(times, f"{times:,} times")


def duration_text(seconds: float) -> str:
    """Return seconds as `12 µs`, `1.5 ms` or `2.3 s`."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:,.3g} s"
