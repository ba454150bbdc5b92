"""Trees of tensors without values, inferred as a checkpoint's tree is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.checkpoint.inference import Children, Inferred, OwnTensor, infer

Shapes = dict[str, tuple[int, ...] | tuple[tuple[int, ...], str]]


def infer_at(shapes: Shapes, path: str, name: str | None = None) -> Inferred | None:
    """Return what is inferred of the module at `path`; a shape alone is of float32."""
    own: dict[str, OwnTensor] = {}
    below: dict[str, int] = {}
    for key, value in shapes.items():
        if not key.startswith(path + ".") and path:
            continue
        rest = key[len(path) + 1 :] if path else key
        head, dot, _ = rest.partition(".")
        if dot:
            below.setdefault(head, len(below))
        elif len(value) == 2 and isinstance(value[1], str):
            own[head] = OwnTensor(*value)
        else:
            own[head] = OwnTensor(value, "float32")
    heads = list(below)
    children = Children(below, lambda index: infer_at(shapes, f"{path}.{heads[index]}" if path else heads[index]))
    return infer(path.rpartition(".")[2] if name is None else name, own, children)


@pytest.fixture
def text() -> Callable[..., str | None]:
    """Return a function that returns the inferred text of a module; None where nothing is inferred."""

    def text_of(shapes: Shapes, path: str = "", name: str | None = None) -> str | None:
        found = infer_at(shapes, path, name)
        return None if found is None else found.text

    return text_of
