"""The forms in which a tensor or module of a checkpoint can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..messages import PathForm
from ..opened.group_forms import group_forms
from ..safe_text import clean
from ..stored.stored import Stored, Unreadable
from ..stored.window import no_numbers, read_numbers
from ..tensors.notation import ELEMENTS, TEXT_LIMIT, csv_text, numpy_text, python_text

if TYPE_CHECKING:
    from ..tree.skeleton import Group
    from .tree import CheckpointTree


def forms(path: str, tensor: Stored | None) -> list[PathForm]:
    """The plain key first; of a tensor also how the console reads it, where it lies, and its values as text."""
    if tensor is None:
        return [_form("Path", path)] if path else []
    found = [
        _form("State-dict key", tensor.path),
        _form("In the console", f"state[{tensor.path!r}]"),
        _form("Place in the file", clean(tensor.place)),
    ]
    values = _values(tensor)
    if values is not None:
        dtype = tensor.dtype.plain.name
        found += [
            _form("Value as Python", python_text(values, dtype)),
            _form("Value as NumPy", numpy_text(values, dtype, tensor.shape)),
            _form("Value as CSV", csv_text(values, dtype, tensor.shape)),
        ]
    return [form for form in found if form.text]


def forms_of_group(tree: CheckpointTree, group: Group) -> list[PathForm]:
    """What stands for a group of siblings: a pattern, or the keys of its tensors."""
    inside = tree.tensors(group.first, group.end)
    keys = [tensor.path for node in inside if (tensor := tree.tensor(node)) is not None]
    others = [*tree.tensors(0, group.first), *tree.tensors(group.end, len(tree))]
    return group_forms(
        tree.path(tree.parents[group.first]),
        [tree.path(node) for node in tree.members(group)],
        keys,
        (tensor.path for node in others if (tensor := tree.tensor(node)) is not None),
    )


def _values(tensor: Stored) -> Any:
    """Nested lists that begin with the first elements, as many as a text can hold; None where they cannot be read."""
    if no_numbers(tensor):
        return None
    try:
        values: Any = read_numbers(tensor, 0, min(tensor.elements, ELEMENTS))
    except Unreadable:
        return None
    if tensor.dtype.plain.number == "bool":
        values = [bool(value) for value in values]
    if not tensor.shape:
        return values[0]
    for size in reversed(tensor.shape[1:]):
        values = [values[start : start + size] for start in range(0, len(values), size)] if size else []
    return values


def _form(label: str, text: str) -> PathForm:
    return PathForm(label=label, text=text[:TEXT_LIMIT], cut=len(text) > TEXT_LIMIT)
