"""A forward run without values: shapes and dtypes only, no memory for activations, nothing of the model changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .forward import ForwardResult, run_forward

if TYPE_CHECKING:
    import torch

    from ..inspect.outline import Outline
    from .inputs import Arguments
    from .trace import Trace


def run_dry(
    module: torch.nn.Module, inputs: Callable[[], Arguments], outline: Outline, trace: Trace
) -> tuple[ForwardResult, str | None]:
    """Run on fake tensors; `inputs` is called where what it makes takes no memory.

    Returns the result, and a sentence when it cannot be done without values: a `while` or `if` on a value, say.

    Raises:
        SpecError: from `inputs`.
    """
    from torch import Tensor
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.utils._pytree import tree_map_only

    if any(type(parameter).__name__.startswith("Uninitialized") for parameter in module.parameters()):
        return ForwardResult(None, None, None, 0.0), "lazy parameters get their shapes in a real run only"
    mode = FakeTensorMode(allow_non_fake_inputs=True)

    def faked(tensor: Tensor) -> Tensor:
        return tensor if isinstance(tensor, FakeTensor) else mode.from_tensor(tensor)

    with _as_it_was(module):
        with mode:
            made = inputs()
        args, kwargs = tree_map_only(Tensor, faked, made)
        with mode:
            result = run_forward(module, args, kwargs, outline, trace)
    return result, _reason(result)


def _reason(result: ForwardResult) -> str | None:
    """Why what was raised is about fake tensors and not about the model; None when it is the model's own error."""
    from torch._subclasses import fake_tensor

    error = result.exception
    where = f" at {result.problem.where}" if result.problem is not None and result.problem.where else ""
    if isinstance(error, (fake_tensor.DataDependentOutputException, fake_tensor.DynamicOutputShapeException)):
        return f"the forward depends on values{where}"
    strange = (fake_tensor.UnsupportedFakeTensorException, fake_tensor.UnsupportedOperatorException)
    if isinstance(error, (*strange, NotImplementedError)) or (
        error is not None and any(word in str(error) for word in ("FakeTensor", "fake tensor", "data pointer"))
    ):
        return f"an operation{where} needs real tensors"
    return None


@contextmanager
def _as_it_was(module: torch.nn.Module) -> Iterator[None]:
    """What a forward sets on its modules, a running count or a cache, is taken back: it holds fake tensors."""
    kept = [
        (each, dict(vars(each)), {name: dict(vars(each)[name]) for name in ("_parameters", "_buffers", "_modules")})
        for each in module.modules()
    ]
    try:
        yield
    finally:
        for each, attributes, registries in kept:
            held = vars(each)
            for name in [name for name in held if name not in attributes]:
                del held[name]
            held.update(attributes)
            for name, entries in registries.items():
                held[name].clear()
                held[name].update(entries)
