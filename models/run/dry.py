"""A forward run without values: shapes and dtypes only, no memory for activations, nothing of the model changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._pytree import tree_map_only

from ..live.outline import Outline
from ..tensors.tensors import is_uninitialised
from .forward import ForwardResult, run_forward
from .inputs import Arguments
from .trace import Trace

_ON_VALUES = (fake_tensor.DataDependentOutputException, fake_tensor.DynamicOutputShapeException)
_UNSUPPORTED = (
    fake_tensor.UnsupportedFakeTensorException,
    fake_tensor.UnsupportedOperatorException,
    NotImplementedError,
)
_REGISTRIES = ("_parameters", "_buffers")


def run_dry(inputs: Callable[[], Arguments], outline: Outline, trace: Trace) -> tuple[ForwardResult, str | None]:
    """Run the outline's network on fake tensors; `inputs` is called where what it makes takes no memory.

    Meanwhile the network holds fake tensors too: a forward that writes into its own buffers writes into those.
    Returns the result, and a sentence when it cannot be done without values: a `while` or `if` on a value, say.

    Raises:
        SpecError: from `inputs`.
    """
    modules = list({id(node.item): node.item for node in outline.nodes if isinstance(node.item, nn.Module)}.values())
    if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
        return _not_run("scripted modules need real tensors")
    if any(is_uninitialised(node.item) for node in outline.nodes if isinstance(node.item, Tensor)):
        return _not_run("lazy parameters get their shapes in a real run only")
    mode = FakeTensorMode(allow_non_fake_inputs=True)

    def faked(tensor: Tensor) -> Tensor:
        return tensor if isinstance(tensor, FakeTensor) else mode.from_tensor(tensor)

    with _as_it_was(modules):
        with mode:
            made = inputs()
        try:
            args, kwargs = tree_map_only(Tensor, faked, made)
            for module in modules:
                _hold(module, lambda value: tree_map_only(Tensor, faked, value))
        except Exception as error:  # a subclass of Tensor that has no such form
            return _not_run(f"its tensors cannot be faked ({type(error).__name__})")
        with mode:
            result = run_forward(outline.root, args, kwargs, Outline.of(outline.root, outline.name), trace)
    return result, _reason(result)


def _not_run(why: str) -> tuple[ForwardResult, str]:
    return ForwardResult(None, None, None, 0.0), why


def _reason(result: ForwardResult) -> str | None:
    """Why what was raised is about fake tensors and not about the model; None when it is the model's own error."""
    error = result.exception
    where = f" at {result.problem.where}" if result.problem is not None and result.problem.where else ""
    if isinstance(error, _ON_VALUES):
        return f"the forward depends on values{where}"
    about = isinstance(error, Exception) and any(
        word in str(error) for word in ("FakeTensor", "fake tensor", "data pointer")
    )
    return f"an operation{where} needs real tensors" if about or isinstance(error, _UNSUPPORTED) else None


def _registries(module: nn.Module) -> Iterator[dict[str, Any]]:
    for name in _REGISTRIES:
        found = vars(module).get(name)
        if isinstance(found, dict):
            yield found


def _hold(module: nn.Module, faked: Callable[[Any], Any]) -> None:
    """Put fake tensors in the place of parameters, buffers and tensors in plain attributes, lists among them."""
    for registry in _registries(module):
        registry.update({name: faked(tensor) for name, tensor in registry.items() if tensor is not None})
    held = vars(module)
    for name, value in list(held.items()):
        if name not in _REGISTRIES and (isinstance(value, Tensor) or _has_tensor(value)):
            held[name] = faked(value)


def _has_tensor(value: Any) -> bool:
    parts = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    return any(isinstance(part, Tensor) for part in parts)


@contextmanager
def _as_it_was(modules: list[nn.Module]) -> Iterator[None]:
    """What is set on the modules within, a running count or a cache, is taken back: it holds fake tensors."""
    kept = [(each, dict(vars(each)), [(found, dict(found)) for found in _registries(each)]) for each in modules]
    try:
        yield
    finally:
        for module, attributes, registries in kept:
            held = vars(module)
            for name in [name for name in held if name not in attributes]:
                del held[name]
            held.update(attributes)
            for registry, entries in registries:
                registry.clear()
                registry.update(entries)
