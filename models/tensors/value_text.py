"""The elements of a tensor as text to paste elsewhere: Python, NumPy, CSV.  Must not import torch.

Only as many elements are read as the text can hold, whatever the size of the tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .notation import ELEMENT_LIMIT, csv_text, numpy_text, python_text
from .readable import Readable, answer


def value_texts(readable: Readable) -> tuple[str, str, str] | None:
    """Return the elements written as Python, NumPy and CSV; None where they cannot be read.

    A text that is longer than `TEXT_LIMIT` must be cut by the caller.
    """
    return answer(readable, lambda absence, reason: None, _texts)


def _texts(readable: Readable) -> tuple[str, str, str]:
    elements, dtype, shape = _nested(readable), readable.dtype_read, readable.shape
    return python_text(elements, dtype), numpy_text(elements, dtype, shape), csv_text(elements, dtype, shape)


def _nested(readable: Readable) -> Any:
    """Return the first elements as nested lists, as many as a text can hold."""
    if 0 in readable.shape:
        return _brackets(readable.shape[: readable.shape.index(0)])
    elements: Any = readable.numbers(0, min(readable.elements, ELEMENT_LIMIT))
    if readable.element_kind == "bool":
        elements = list(map(bool, elements))
    if not readable.shape:
        return elements[0]
    for size in reversed(readable.shape[1:]):
        elements = [elements[start : start + size] for start in range(0, len(elements), size)]
    return elements


def _brackets(shape: Sequence[int]) -> Any:
    """Return nested lists of this shape, the innermost ones empty."""
    elements: list[Any] = []
    for size in reversed(shape):
        elements = [elements] * min(size, ELEMENT_LIMIT)
    return elements
