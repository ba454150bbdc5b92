"""Memory that was not there, with what takes the most of it."""

from __future__ import annotations

import re

import torch

from ...sources.wording import size_text
from ..trace.calls import Call, shape_as_text
from .failed_call import FailedCall

SHOWN = 3
"""Of the largest outputs."""
_ON_CPU = re.compile(r"you tried to allocate (\d+) bytes")
_ON_GPU = re.compile(r"Tried to allocate ([\d.]+ [KMGT]iB)")


def hint(failed: FailedCall) -> str:
    """Return what was asked for and the largest that a run holds; empty for anything else."""
    message = failed.message
    on_cpu = _ON_CPU.search(message)
    is_full = isinstance(failed.error, torch.OutOfMemoryError) or (on_cpu is not None and "llocator" in message)
    if not is_full:
        return ""
    on_gpu = _ON_GPU.search(message)
    asked = size_text(int(on_cpu[1])) if on_cpu is not None else on_gpu[1] if on_gpu is not None else "memory"
    said = f"{failed.name} asked for {asked}, which is not there"
    weights = sum(
        tensor.numel() * tensor.element_size()
        for tensor in failed.tree.distinct_tensors
        if tensor.device.type != "meta"
    )
    said += f"; the network's own tensors take {size_text(weights)}"
    largest = sorted((call for call in failed.trace.calls if _is_own(call)), key=lambda call: -(call.bytes or 0))
    if not largest:
        return said
    shown = ", ".join(
        f"{size_text(call.bytes or 0)} {shape_as_text(call.output)} of {_name(call)}" for call in largest[:SHOWN]
    )
    return f"{said}, the largest outputs before: {shown}"


def _is_own(call: Call) -> bool:
    """Return whether a call is the one whose output is counted, and not a module that passes it on."""
    return bool(call.bytes) and not call.failed and call.self_seconds == call.seconds


def _name(call: Call) -> str:
    times = f", {call.repeat:,} times" if call.repeat > 1 else ""
    return f"`{call.module if call.kind == 'module' and call.module else call.op}`{times}"
