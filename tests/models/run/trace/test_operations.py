"""Names of operations, as torch hands the functions to a function mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from models.run.trace.operations import counts_without_tensor, gives_unset_memory, operation_name


class Names(TorchFunctionMode):
    """The names of the functions called within."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str | None] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        self.names.append(operation_name(func))
        return func(*args, **(kwargs or {}))


X = torch.rand(2, 2)


@pytest.mark.parametrize(
    ("does", "name"),
    [
        (lambda: torch.mm(X, X), "mm"),
        (lambda: X @ X, "matmul"),
        (lambda: X + 1, "add"),
        (lambda: 1 + X, "add"),
        (lambda: 1 - X, "rsub"),
        (lambda: 2 / X, "rdiv"),
        (lambda: X.clone().__itruediv__(2), "div_"),
        (lambda: X == X, "eq"),
        (lambda: X[0], "__getitem__"),
        (lambda: F.relu(X), "relu"),
        (lambda: torch.ops.aten.relu(X), "relu"),
        (lambda: torch.ops.aten.relu.default(X), "relu"),
        (lambda: X.T, "T"),
        (lambda: X.shape, None),
        (lambda: X.grad, None),
        (lambda: X.size(), None),
        (lambda: X.is_contiguous(), None),
        (lambda: torch.is_floating_point(X), None),
    ],
)
def test_names(does: Callable[[], object], name: str | None) -> None:
    with Names() as mode:
        does()
    assert mode.names[-1] == name


def test_kinds() -> None:
    assert counts_without_tensor("__bool__")
    assert not counts_without_tensor("backward")
    assert gives_unset_memory("empty_like")
    assert not gives_unset_memory("zeros")
