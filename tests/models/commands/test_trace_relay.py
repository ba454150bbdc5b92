"""A trace on its way through a pipe of JSON: what is received is what was sent, in every field."""

from __future__ import annotations

import json
import math
from copy import copy
from typing import Any

from models.commands.trace_relay import TraceReceiver, TraceSender
from models.messages import CallBackward
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.calls import OF_ROW, Call, Several

MODULE = Call(
    module="0.block", op="Linear", kind="module", depth=1, where="net.py:7", inputs=((2, 3), Several([(4,), "True"])),
    output=Several([(2, 8), None]), tensors=("0.weight", "0.bias"), seconds=0.5, failed="ValueError", note="compiled",
    self_seconds=0.25, bytes=64, kept=32, flops=48, elementwise=16, reads_input=True, peak=128, mode=("eval",),
    statistics=OutputStatistics(16, -1.0, 2.0, 8.0, 3.0, 4),
)  # fmt: skip
OPERATION = Call(module="0", op="relu", kind="operation", depth=2, where="net.py:8", output=(2, 8), note="in place")


def relayed(*, ended: dict[str, Any] | None = None) -> tuple[TraceSender, TraceReceiver]:
    """A module's call with an operation in it; what `ended` names was known only when it was over."""
    receiver = TraceReceiver()
    sender = TraceSender(lambda name, *values: receiver.receive(name, json.loads(json.dumps(list(values)))))
    call = copy(MODULE)
    known = {name: getattr(call, name) for name in ended or {}}
    for name, unknown in (ended or {}).items():
        setattr(call, name, unknown)
    place = sender.open(call)
    sender.add(copy(OPERATION))
    for name, value in known.items():
        setattr(call, name, value)
    sender.close(place)
    return sender, receiver


def test_every_field_of_a_call_arrives() -> None:
    fields = [name for name in Call.__struct_fields__ if name not in (*OF_ROW, "backward")]
    assert all(getattr(MODULE, name) not in ((), None, "") for name in fields if name != "producers")
    sender, receiver = relayed()
    received = [call.row() for call in receiver.trace.calls]
    assert received == [call.row() for call in sender.calls]
    for name in fields:
        assert getattr(received[0], name) == getattr(MODULE.row(), name), name
        assert getattr(received[1], name) == getattr(OPERATION.row(), name), name


def test_producers_are_the_same_rows() -> None:
    receiver = TraceReceiver()
    sender = TraceSender(lambda name, *values: receiver.receive(name, json.loads(json.dumps(list(values)))))
    before: tuple[Call, ...] = ()
    for _ in range(3):
        for op in ("exp", "sin"):
            call = Call(module="", op=op, kind="operation", depth=0, producers=before)
            sender.add(call)
            before = (call,)
    assert [(call.op, call.repeat, call.producer_rows()) for call in sender.calls] == [("exp", 3, [1]), ("sin", 3, [0])]
    assert [call.row() for call in receiver.trace.calls] == [call.row() for call in sender.calls]


def test_what_a_backward_did_arrives_when_it_is_over() -> None:
    sender, receiver = relayed()
    passed = CallBackward(seconds=0.5, norm=math.inf, min=1.0, max=math.nan, nonfinite="NaN")
    sender.calls[1].backward = passed
    sender.send_backward()
    first, second = receiver.trace.calls
    assert first.backward is None
    assert repr(second.backward) == repr(passed)


def test_what_is_known_when_the_call_is_over_arrives() -> None:
    unknown = {"output": None, "tensors": (), "seconds": None, "failed": "", "note": ""}
    _, receiver = relayed(ended=unknown)
    (module, _) = [call.row() for call in receiver.trace.calls]
    for name in unknown:
        assert getattr(module, name) == getattr(MODULE.row(), name), name
    assert receiver.under_way == []


def test_a_call_that_did_not_end_is_under_way() -> None:
    receiver = TraceReceiver()
    sender = TraceSender(lambda name, *values: receiver.receive(name, json.loads(json.dumps(list(values)))))
    sender.open(MODULE)
    (call,) = receiver.under_way
    assert (call.module, call.note) == ("0.block", "compiled")
    assert receiver.receive("restart", [])
    assert receiver.under_way == []
    assert not receiver.receive("part", [{}])
