"""Changes by key as statements of the console: elements of a tensor, what is frozen, train and eval.

Nothing is changed here: what is returned is Python that the user could have typed, checked beforehand.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .. import messages as m
from ..live.gradient_access import GRADIENTS, Unread
from ..live.live_tree import LiveTree, Node
from ..live.paths import python_path
from ..live.registered import parameters_in, training_of
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..tensors.absence import absence_of, is_wrapper
from ..tensors.tensors import dtype_text, requires_grad, shape_of
from ..tree.preorder_tree import SiblingGroup
from .edit_text import EditError, What, Where, parse_what, parse_where, window_from

if TYPE_CHECKING:
    from .session import Session


def plan_edit(session: Session, request: m.PlanEdit) -> m.EditPlan:
    """Return the statement that does what is asked for; an error of a text is part of the answer.

    Raises:
        EngineProblem: nothing is open, a checkpoint, or nothing at the path; or it cannot be changed, and why.
    """
    model = session.live
    index, group = model.place(request.path)
    node = model.tree.nodes[index]
    if request.kind == "freeze":
        return _freeze(model.tree, node, group)
    if request.kind == "mode":
        return _mode(model.tree, node, group)
    return _elements(model.tree, node, request)


def _elements(tree: LiveTree, node: Node, request: m.PlanEdit) -> m.EditPlan:
    tensor, python = node.item, python_path(tree, node)
    if not isinstance(tensor, Tensor):
        raise _refused("A module has no elements of its own", "Select one of its tensors.")
    is_gradient = request.of == "gradient"
    if is_gradient:
        tensor, python = _gradient(tensor, python), f"{python}.grad"
    shape = shape_of(tensor)
    _, reason = absence_of(tensor)
    if reason or shape is None:
        raise _refused("There is nothing to change", reason)
    if is_wrapper(tensor) or tensor.layout is not torch.strided or tensor.is_quantized:
        raise _refused("Its elements cannot be set one by one", "In the console it can be replaced as a whole.")
    where: Where | None = None
    where_error = what_error = ""
    try:
        where = parse_where(request.where, shape)
    except EditError as error:
        where_error = str(error)
    try:
        what = parse_what(request.what, tensor.dtype)
        if where is not None:
            where = _fitted(where, what, shape)
    except EditError as error:
        what_error = str(error)
    if where is None or what_error:
        count = "" if where is None else _count(where, shape)
        return m.EditPlan(where_error=where_error, what_error=what_error, note=count)
    return m.EditPlan(
        statement=f"with torch.no_grad(): {python}[{where.index}] {what.operator} {what.value}",
        note=_count(where, shape) + _rounded(what, tensor.dtype),
        about=[] if is_gradient else [node.path],
    )


def _gradient(tensor: Tensor, python: str) -> Tensor:
    """Return the gradient of a tensor; raise EngineProblem where there is none, or it cannot be read now."""
    snapshot = GRADIENTS.take([tensor], wait=False)
    gradient = snapshot.gradients[0]
    if isinstance(gradient, Unread) or snapshot.note:
        raise _refused("Its gradient cannot be changed now", "A thread of the program trains it, or code runs.")
    if gradient is None:
        text = f"f and then b make one; or {python}.grad = torch.zeros_like({python}) in the console."
        raise _refused("There is no gradient to change", text)
    return gradient


def _fitted(where: Where, what: What, shape: tuple[int, ...]) -> Where:
    """Return the elements that several numbers are for: from a single element on as many as there are.

    Raises:
        EditError: there are not as many numbers as elements.
    """
    if what.shape is None:
        return where
    if where.is_element:
        return window_from(where, what.shape, shape)
    if what.shape != where.shape:
        raise EditError(f"numbers of shape {list(what.shape)} for elements of shape {list(where.shape)}")
    return where


def _count(where: Where, shape: tuple[int, ...]) -> str:
    return f"{prod(where.shape):,} of {amount(prod(shape), 'element')}"


def _rounded(what: What, dtype: torch.dtype) -> str:
    """Return what a number is rounded to where that is not what one would see anyway."""
    if (
        what.operator != "="
        or what.shape is not None
        or not dtype.is_floating_point
        or isinstance(what.number, complex)
    ):
        return ""
    held = float(torch.tensor(what.number, dtype=dtype, device="cpu"))
    if held == what.number or f"{held:.6g}" == f"{what.number:.6g}" or what.number != what.number:
        return ""
    return f"; {str(dtype).removeprefix('torch.')} holds {held:g}"


def _freeze(tree: LiveTree, node: Node, group: SiblingGroup | None) -> m.EditPlan:
    nodes = _nodes(tree, node, group)
    if isinstance(node.item, Tensor):
        tensors = [each.item for each in nodes if isinstance(each.item, Tensor)]
        if not (tensors[0].is_floating_point() or tensors[0].is_complex()):
            raise _refused(f"A tensor of {dtype_text(tensors[0])} has no gradient: there is nothing to freeze")
    else:
        tensors = [tensor for each in nodes if isinstance(each.item, nn.Module) for tensor in parameters_in(each.item)]
        if not tensors:
            raise _refused("There are no parameters below it: there is nothing to freeze")
    flag = not any(map(requires_grad, tensors))
    word = "unfreezes" if flag else "freezes"
    count = amount(len({id(tensor) for tensor in tensors}), "tensor")
    return m.EditPlan(statement=f"_ = {_python(tree, nodes)}.requires_grad_({flag})", note=f"{word} {count}", about=[])


def _mode(tree: LiveTree, node: Node, group: SiblingGroup | None) -> m.EditPlan:
    if isinstance(node.item, Tensor):
        node, group = tree.holder(node), None
    nodes = _nodes(tree, node, group)
    word = "eval" if training_of(nodes[0].item) else "train"  # type: ignore[arg-type]
    return m.EditPlan(statement=f"_ = {_python(tree, nodes)}.{word}()", note=f"sets {node.path or 'all'} to {word}")


def _nodes(tree: LiveTree, node: Node, group: SiblingGroup | None) -> list[Node]:
    """Return the node, or those of a group of siblings that is one row."""
    return [node] if group is None else [tree.nodes[member] for member in tree.members(group)]


def _python(tree: LiveTree, nodes: list[Node]) -> str:
    """Return Python for one node, or for consecutive modules of a container as a slice of that.

    Raises:
        EngineProblem: siblings that are no slice.
    """
    texts = [python_path(tree, node) for node in nodes]
    if len(texts) == 1:
        return texts[0]
    holder = tree.holder(nodes[0])
    first, prefix = nodes[0].position, python_path(tree, holder)
    if isinstance(holder.item, nn.Sequential | nn.ModuleList) and texts == [
        f"{prefix}[{first + at}]" for at in range(len(nodes))
    ]:
        return f"{prefix}[{first}:{first + len(nodes)}]"
    raise _refused("These are several", "Unfold the row and select one of them, or what holds them.")


def _refused(title: str, text: str = "") -> EngineProblem:
    return EngineProblem(m.Problem("usage", title, text))
