"""A rectangle of a tensor's last two dimensions as Python numbers; only its elements are read.

Which rectangle is said by `matrix.rectangle`, its numbers by `Readable.rectangle`.

Must not import torch.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Absence, Cells, Of, Place
from .matrix import rectangle
from .readable import Readable, answer


def window(
    readable: Readable,
    *,
    path: Place,
    of: Of = "value",
    leading: Sequence[int] = (),
    row: int = 0,
    rows: int = 20,
    column: int = 0,
    columns: int = 20,
) -> Cells:
    """Return `rows` x `columns` elements from (`row`, `column`) on, clamped to the tensor and to `CELL_LIMIT` elements.

    A 0-d tensor is a 1x1 matrix, a 1-d tensor one row.  `leading` indexes all dimensions but the last two: missing
    ones are 0, others are clamped.  A quantised tensor returns the floats that its integers stand for.
    """
    shape, dtype = list(readable.shape), readable.dtype_name

    def absent(absence: Absence, reason: str) -> Cells:
        return Cells(path=path, of=of, absence=absence, reason=reason, shape=shape, dtype=dtype)

    def read(ready: Readable) -> Cells:
        part = rectangle(shape, leading, row, rows, column, columns)
        flat = ready.rectangle(part) if part.rows else []
        kind = ready.element_kind
        return Cells(
            path=path, of=of, shape=shape, dtype=dtype, leading=part.leading, row=part.row, column=part.column,
            rows=part.rows, columns=part.columns, height=part.height, width=part.width, number=kind,
            values=[each.real for each in flat] if kind == "complex" else flat,
            imaginary=[each.imag for each in flat] if kind == "complex" else [],
        )  # fmt: skip

    return answer(readable, absent, read)
