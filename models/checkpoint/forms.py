"""The forms in which a tensor or module of a checkpoint can be copied to the clipboard."""

from __future__ import annotations

from ..messages import PathForm
from ..opened.path_forms import path_form, value_forms
from ..safe_text import clean
from ..stored.stored import Stored


def forms(path: str, tensor: Stored | None) -> list[PathForm]:
    """Return the forms of a node, its path or state-dict key first; none for the root.

    Of a tensor also the console's expression, its place in the file, and its elements as text; `tensor` is None for a
    module or an item.
    """
    if tensor is None:
        return [path_form("Path", path)] if path else []
    found = [
        path_form("State-dict key", tensor.path),
        path_form("In the console", f"state[{tensor.path!r}]"),
        path_form("Place in the file", clean(tensor.place)),
    ]
    return [form for form in [*found, *value_forms(tensor)] if form.text]
