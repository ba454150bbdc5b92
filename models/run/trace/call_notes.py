"""Remarks at a call that say how it differs from what a user would expect: another path, weights of another module."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import torch
from torch import nn

from ...live.live_tree import LiveTree
from ...live.registered import parameters_in
from .calls import Call
from .frame import Frame
from .record import Trace

_FUSED = (nn.MultiheadAttention, nn.TransformerEncoder, nn.TransformerEncoderLayer)
_FRAMES = 20
"""Frames of Python that are looked through, ours included."""
_LISTS = (nn.ParameterList, nn.ParameterDict)


def module_note(module: nn.Module, is_fused: bool) -> str:
    """Return what recording changes in the call of `module`; empty for nothing.

    Args:
        is_fused: whether attention would take its fused path.
    """
    if type(module).__name__ == "OptimizedModule" or vars(module).get("_compiled_call_impl") is not None:
        return "traced without compilation"
    if is_fused and isinstance(module, _FUSED) and not module.training:
        graph = torch.is_grad_enabled() and any(p.requires_grad for p in parameters_in(module))
        return "" if graph else "traced without its fused path: results may differ by about 1e-7"
    return ""


def uncalled_note(
    tree: LiveTree, frames: Sequence[Frame], read: list[tuple[str, str]], call: Call, trace: Trace
) -> str:
    """Return a note on weights that belong to a module which is not being called, empty for none; the trace keeps it.

    Args:
        frames: the calls that go on.
        read: path and holder's path of each tensor that the operation `call` read.
    """
    called = {frame.path for frame in frames}
    holders = dict.fromkeys(holder for _, holder in read if holder not in called)
    strange = [path for path in holders if (node := tree.at(path)) and not isinstance(node.item, _LISTS)]
    for path in strange:
        if path not in trace.uncalled:
            trace.uncalled[path] = call
            node = tree.at(path)
            if node is not None and isinstance(node.item, nn.Module) and _is_in_forward(node.item):
                trace.forward_called[path] = call
    return f"uses the weights of {', '.join(strange)} without calling it" if strange else ""


def _is_in_forward(module: nn.Module) -> bool:
    """Return whether the code that runs was called from the `forward` of `module`."""
    code = getattr(getattr(type(module), "forward", None), "__code__", None)
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if code is not None and frame.f_code is code and frame.f_locals.get(code.co_varnames[0]) is module:
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False
