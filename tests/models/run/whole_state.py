"""All that a run could leave changed: of the process, of torch, and of a network; for tests that compare it."""

from __future__ import annotations

import gc
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_file

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

State = dict[str, Any]


def of_process() -> State:
    """The random states, torch's flags and modes, and Python's own switches."""
    found: State = {
        "random of Python": random.getstate(),
        "random of torch": torch.get_rng_state().tolist(),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "autocast": (
            torch.is_autocast_enabled("cpu"),
            torch.get_autocast_dtype("cpu"),
            torch.is_autocast_cache_enabled(),
        ),
        "defaults": (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads()),
        "precision": (torch.get_float32_matmul_precision(), torch.backends.mha.get_fastpath_enabled()),
        "modes": (torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()),
        "modes off": torch._C._get_torch_function_state() if hasattr(torch._C, "_get_torch_function_state") else None,
        "packed": torch._C._autograd._top_saved_tensors_default_hooks(True),
        "hooks of all modules": {
            name: list(hooks)
            for name, hooks in vars(module_file).items()
            if name.startswith("_global_") and isinstance(hooks, dict)
        },
        "backward hooks of all modules": module_file._global_is_full_backward_hook,
        "garbage": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "warnings": (list(warnings.filters), warnings.showwarning, getattr(warnings, "_showwarnmsg", None)),
        "traced": (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
        "hooks of Python": (sys.excepthook, sys.displayhook, threading.excepthook, sys.unraisablehook),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval()),
        "signals": {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)},
        "surroundings": (dict(os.environ), os.getcwd(), list(sys.path)),  # noqa: PTH109
        "logging": (logging.root.level, logging.root.disabled, logging.getLogger("torch").level),
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }
    if numpy is not None:
        kind, keys, *rest = numpy.random.get_state()
        found["random of NumPy"] = (kind, list(keys), rest)
    return found


def of_network(network: nn.Module) -> State:
    """Attributes, hooks, flags, values, versions and gradients of each module and tensor."""
    found: State = {}
    for path, module in network.named_modules():
        for name, value in vars(module).items():
            found[f"{path}.{name}"] = sorted(value) if isinstance(value, (dict, set)) else _plain(value)
            if isinstance(value, dict) and "hook" in name:
                found[f"{path}.{name}"] = list(value.items())
    for path, tensor in _tensors(network):
        if isinstance(tensor, nn.parameter.UninitializedTensorMixin):
            found[path] = type(tensor)
            continue
        found[path] = (
            id(tensor), tensor.detach().tolist(), tensor._version, tensor.requires_grad, sorted(vars(tensor)),
            tensor._backward_hooks and list(tensor._backward_hooks), type(tensor.grad_fn),
        )  # fmt: skip
        found[f"gradient of {path}"] = None if tensor.grad is None else (id(tensor.grad), tensor.grad.tolist())
    return found


def of_result(output: object) -> State:
    """What hangs at the graph of a result: metadata of each node, and attributes of its tensor."""
    if not isinstance(output, Tensor):
        return {"result": type(output)}
    nodes, pending = {}, [output.grad_fn]
    while pending:
        node = pending.pop()
        if node is not None and id(node) not in nodes:
            nodes[id(node)] = node
            pending += [each for each, _ in node.next_functions]
    return {
        "result": (output.tolist(), output._version, sorted(vars(output)), output._backward_hooks),
        "graph": [(node.name(), dict(node.metadata)) for node in nodes.values()],
    }


def differences(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """Return what differs, by name."""
    missing = object()
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: (before.get(name, missing), after.get(name, missing))
        for name in names
        if before.get(name, missing) != after.get(name, missing)
    }


def _plain(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str, tuple, type(None))) else id(value)


def _tensors(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from network.named_parameters()
    yield from network.named_buffers()
