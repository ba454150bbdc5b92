"""A guess of the input of a network that has weights and no layers: from how its forward uses the first of them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor, nn

from ...live.live_tree import LiveTree
from ...tensors.tensors import dtype_text, shape_of
from ...work.parsing import parse_python
from .specs import InputSpec

SIDES = {1: 64, 2: 32, 3: 16}
"""Of a picture with so many dimensions, pixels along each."""
_FLOATS = ("float32", "float64", "float16", "bfloat16", "complex64", "complex128")
_PRODUCTS = ("matmul", "mm", "bmm", "addmm", "addbmm", "baddbmm")


class _Use(NamedTuple):
    """One operation of a forward that takes a weight, and what it takes beside it."""

    operation: str
    weight: Tensor
    is_left: bool = False
    is_transposed: bool = False


def guess_from_weights(module: nn.Module) -> tuple[InputSpec, str] | None:
    """Return an input that the first weight of `module` could take, and that weight's path.

    The code of its forward says how that is used; where it does not, its shape and that of the bias after it.  None
    where nothing is sensible.  Nothing is run.
    """
    tree = LiveTree.of(module)
    weights = {
        node.path: node.item
        for node in tree.nodes
        if isinstance(node.item, Tensor) and (node.kind == "parameter" or node.item.requires_grad)
    }
    by_path = {path: weight for path, weight in weights.items() if shape_of(weight)}
    for use in _uses(module, weights):
        path = next((path for path, weight in by_path.items() if weight is use.weight), None)
        shape = _by_use(use)
        if path is not None and shape is not None:
            return shape, path
    for path, weight in by_path.items():
        if weight.dim() > 1:
            spec = _by_shape(weight, list(by_path.values()))
            return None if spec is None else (spec, path)
    for path, weight in by_path.items():
        return _spec((2, *weight.shape), weight), path
    return None


def _spec(shape: tuple[int, ...], weight: Tensor) -> InputSpec:
    dtype = dtype_text(weight)
    return InputSpec(shape, dtype if dtype in _FLOATS else "float32")


def _by_use(use: _Use) -> InputSpec | None:
    weight = use.weight
    shape = tuple(reversed(weight.shape)) if use.is_transposed and weight.dim() == 2 else tuple(weight.shape)
    if use.operation == "embedding" and len(shape) == 2:
        return InputSpec((2, 16), "int64", bound=max(1, shape[0]))
    if use.operation.startswith("conv") and len(shape) > 2:
        return _picture(weight)
    if use.operation == "linear":
        return _spec((2, shape[-1]), weight)
    if use.operation in _PRODUCTS and shape:
        if use.is_left:
            return _spec((shape[-1],), weight) if use.operation == "matmul" else _spec((shape[-1], 2), weight)
        batch = shape[:-2] if use.operation in ("bmm", "baddbmm") else ()
        return _spec((*batch, 2, shape[max(0, len(shape) - 2)]), weight)
    return None


def _picture(weight: Tensor) -> InputSpec | None:
    dimensions = weight.dim() - 2
    return _spec((2, weight.shape[1], *[SIDES[dimensions]] * dimensions), weight) if dimensions in SIDES else None


def _by_shape(weight: Tensor, every: list[Tensor]) -> InputSpec | None:
    """Return the input of a matrix or a convolution's weight: of a matrix, the side that no bias has."""
    if weight.dim() > 2:
        return _picture(weight)
    biases = {each.shape[0] for each in every if each.dim() == 1}
    rows, columns = weight.shape
    multiplied = rows != columns and columns in biases and rows not in biases  # x @ weight + bias
    return _spec((2, rows if multiplied else columns), weight)


def _uses(module: nn.Module, weights: dict[str, Tensor]) -> Iterator[_Use]:
    """Yield how the forward of `module` uses its weights, in the order of its code."""
    try:
        tree = parse_python(textwrap.dedent(inspect.getsource(type(module).forward)))
    except Exception:  # no source: of a class made in a console, say
        return
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.BinOp, ast.Call))]
    # of a nested expression the inner part runs first, and ends first
    for node in sorted(nodes, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield from _product("matmul", node.left, node.right, weights)
        elif isinstance(node, ast.Call):
            yield from _call(node, weights)


def _call(node: ast.Call, weights: dict[str, Tensor]) -> Iterator[_Use]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    arguments = [*node.args, *(each.value for each in node.keywords if each.arg == "weight")]
    if name in ("matmul", "mm", "bmm") and len(arguments) == 1 and isinstance(node.func, ast.Attribute):
        yield from _product(name, node.func.value, arguments[0], weights)  # x.mm(weight)
    elif name in _PRODUCTS and len(arguments) >= 2:
        yield from _product(name, arguments[-2], arguments[-1], weights)
    elif (name in ("linear", "embedding") or name.startswith("conv")) and len(arguments) >= 2:
        weight, is_transposed = _weight(arguments[1], weights)
        if weight is not None:
            yield _Use(name, weight, is_transposed=is_transposed)


def _product(name: str, left: ast.expr, right: ast.expr, weights: dict[str, Tensor]) -> Iterator[_Use]:
    first, second = _weight(left, weights), _weight(right, weights)
    if second[0] is not None and first[0] is None:
        yield _Use(name, second[0], False, second[1])
    elif first[0] is not None and second[0] is None:
        yield _Use(name, first[0], True, first[1])


def _weight(node: ast.expr, weights: dict[str, Tensor]) -> tuple[Tensor | None, bool]:
    """Return the weight that an expression such as `self.w`, `self.ws[0]` or `self.w.T` names; and if transposed."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("t", "transpose"):
        return _weight(node.func.value, weights)[0], True
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        return _weight(node.value, weights)[0], True
    if not isinstance(node, (ast.Attribute, ast.Subscript)):
        return None, False
    text = ast.unparse(node).removeprefix("self.")
    names = (text, text.replace("[", ".").replace("]", "").replace("'", ""))  # ws[0] of a ParameterList is ws.0
    return next((weights[name] for name in names if name in weights), None), False
