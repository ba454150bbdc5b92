"""A forward run without values: shapes and dtypes only, no memory for activations, nothing of the model changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .forward import ForwardResult, run_forward

if TYPE_CHECKING:
    import torch

    from ..inspect.outline import Outline
    from .trace import Trace


def run_dry(
    module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], outline: Outline, trace: Trace
) -> tuple[ForwardResult, str | None]:
    """Run on fake tensors.

    Returns the result, and a sentence when it cannot be done without values: a `while` or `if` on a value, say.
    """
    import torch
    from torch._subclasses.fake_tensor import (
        DataDependentOutputException,
        DynamicOutputShapeException,
        FakeTensorMode,
    )
    from torch.utils._pytree import tree_map_only

    mode = FakeTensorMode(allow_non_fake_inputs=True)
    fake_args, fake_kwargs = tree_map_only(torch.Tensor, mode.from_tensor, (args, kwargs))
    with mode:
        result = run_forward(module, fake_args, fake_kwargs, outline, trace)
    if isinstance(result.exception, (DataDependentOutputException, DynamicOutputShapeException)):
        where = f" at {result.problem.where}" if result.problem is not None and result.problem.where else ""
        return result, f"the forward depends on values{where}: this is a real run"
    return result, None
