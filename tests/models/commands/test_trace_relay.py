"""A trace on its way through a pipe of JSON: what is received is what was sent, in every field."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from models.commands.trace_relay import TraceReceiver, TraceSender
from models.run.calls import Call, Several

MODULE = Call(
    module="0.block", op="Linear", kind="module", depth=1, where="net.py:7", inputs=((2, 3), Several([(4,), "True"])),
    output=Several([(2, 8), None]), tensors=("0.weight", "0.bias"), seconds=0.5, failed="ValueError", note="compiled",
)  # fmt: skip
OPERATION = Call(module="0", op="relu", kind="operation", depth=2, where="net.py:8", output=(2, 8), note="in place")


def relayed(*, ended: dict[str, Any] | None = None) -> tuple[TraceSender, TraceReceiver]:
    """A module's call with an operation in it; what `ended` names was known only when it was over."""
    receiver = TraceReceiver()
    sender = TraceSender(lambda name, *values: receiver.receive(name, json.loads(json.dumps(list(values)))))
    call = Call(**{field.name: getattr(MODULE, field.name) for field in fields(Call)})
    known = {name: getattr(call, name) for name in ended or {}}
    for name, unknown in (ended or {}).items():
        setattr(call, name, unknown)
    place = sender.open(call)
    sender.add(Call(**{field.name: getattr(OPERATION, field.name) for field in fields(Call)}))
    for name, value in known.items():
        setattr(call, name, value)
    sender.close(place)
    return sender, receiver


def test_every_field_of_a_call_arrives() -> None:
    assert all(getattr(MODULE, field.name) not in ((), None, "") for field in fields(Call))
    sender, receiver = relayed()
    received = [call.row() for call in receiver.trace.calls]
    assert received == [call.row() for call in sender.calls]
    for field in fields(Call):
        assert getattr(received[0], field.name) == getattr(MODULE.row(), field.name), field.name
        assert getattr(received[1], field.name) == getattr(OPERATION.row(), field.name), field.name


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
