"""A run as events for Perfetto and `chrome://tracing`: the Trace Event Format, in JSON.

See https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from ...safe_text import as_sent, clean
from ..trace.calls import Call, shape_as_text

MICRO = 1e6
FORWARD, BACKWARD = 1, 2
"""Numbers of the two lanes."""
LONGEST = 500
ABOUT = (
    "Durations are measured, without recording; calls begin one after the other, as it is not kept when each began. "
    "The turns of a folded loop are one event."
)


def chrome_trace(calls: Sequence[Call], title: str) -> str:
    """Return the calls of a run as complete events, nested as they ran; a backward pass as a lane of its own."""
    events: list[dict[str, Any]] = [
        {"ph": "M", "pid": 1, "tid": FORWARD, "name": "process_name", "args": {"name": _text(title)}},
        {"ph": "M", "pid": 1, "tid": FORWARD, "name": "thread_name", "args": {"name": "forward"}},
    ]
    durations = _durations(calls)
    begins: list[float] = []
    """Of the calls that go on, when the next one within begins; the first is of the run."""
    begins.append(0.0)
    for call, duration in zip(calls, durations, strict=True):
        del begins[call.depth + 1 :]
        start = begins[-1]
        begins[-1] += duration
        begins.append(start)
        events.append(_event(call, start, duration, FORWARD))
    passed = [call for call in calls if call.backward is not None and call.backward.seconds is not None]
    if passed:
        events.append({"ph": "M", "pid": 1, "tid": BACKWARD, "name": "thread_name", "args": {"name": "backward"}})
        start = begins[0]
        for call in reversed(passed):
            assert call.backward is not None
            duration = call.backward.seconds or 0.0
            if call.kind == "operation" or call.self_seconds == call.seconds:
                events.append(_event(call, start, duration, BACKWARD))
                start += duration
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns", "otherData": {"about": ABOUT}}, allow_nan=False)


def _durations(calls: Sequence[Call]) -> list[float]:
    """Return the seconds of each call; at least those of the calls within it together, or they would not nest."""
    found = [call.seconds or 0.0 for call in calls]
    within = [0.0] * (max((call.depth for call in calls), default=0) + 2)
    for index in range(len(calls) - 1, -1, -1):
        depth = calls[index].depth
        found[index] = max(found[index], within[depth + 1])
        within[depth + 1] = 0.0
        within[depth] += found[index]
    return found


def _event(call: Call, start: float, duration: float, lane: int) -> dict[str, Any]:
    name = f"{call.module}: {call.op}" if call.module else call.op
    return {
        "name": _text(name), "cat": call.kind, "ph": "X", "pid": 1, "tid": lane,
        "ts": start * MICRO, "dur": duration * MICRO, "args": _about(call),
    }  # fmt: skip


def _about(call: Call) -> dict[str, Any]:
    """Return what is known of a call, without what is not."""
    found: dict[str, Any] = {
        "inputs": ", ".join(shape_as_text(shape) or "·" for shape in call.inputs),
        "output": shape_as_text(call.output),
        "reads": ", ".join(call.tensors),
        "where": call.where,
        "flops": call.flops,
        "bytes": call.bytes,
        "kept": call.kept,
        "turns": call.repeat if call.repeat > 1 else None,
        "failed": call.failed,
        "mode": ", ".join(call.mode),
        "note": call.note,
    }
    if call.statistics is not None:
        found |= {name: _number(value) for name, value in asdict(call.statistics.message()).items()}
    return {
        name: _text(value) if isinstance(value, str) else value
        for name, value in found.items()
        if value not in (None, "")
    }


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _text(text: str) -> str:
    return clean(as_sent(text), LONGEST)
