"""A stored tensor whose file marks its numbers as conjugates or negatives of those that are meant.

torch saves `tensor.conj()` and `tensor.conj().imag` as what is conjugated, with a mark beside it.  They are read as
what is meant, so that values, statistics and comparisons are those that torch gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .strided import Sizes, Strided

if TYPE_CHECKING:
    from .dtypes import DType

_FLIPPED = bytes(byte ^ 0x80 for byte in range(256))
"""For each byte that one with the sign changed, of which it is the last."""


class Signed(Strided):
    """A view of which signs are changed as it is read."""

    __slots__ = ("conjugate", "negative")

    conjugate: bool
    """Whether the imaginary parts change their sign."""
    negative: bool
    """Whether the numbers change their sign."""

    @classmethod
    def of(cls, tensor: Strided, conjugate: bool, negative: bool) -> Signed:
        """Return `tensor` with signs changed; its dtype must be one that `has_signs`."""
        made = cls(
            tensor.path, tensor.shape, tensor.dtype, tensor.source, tensor.start, tensor.offset, tensor.stride,
            tensor.kind, tensor.storage, tensor.notes, tensor.swap,
        )  # fmt: skip
        made.conjugate, made.negative = conjugate, negative
        return made

    @property
    def place(self) -> str:
        """Return the file, the offset, the strides, and which signs are changed: equal for the same numbers alone."""
        signs = ["conjugate"] * self.conjugate + ["negative"] * self.negative
        return ", ".join([super().place, *signs])

    def part(self, first: Sizes, shape: Sizes) -> Signed:
        """Return a box of the tensor, a view of the same storage; see `InStrides.part`."""
        return self.of(super().part(first, shape), self.conjugate, self.negative)

    def span(self) -> Signed:
        """Return the stored elements from first to last in one dimension; see `InStrides.span`."""
        return self.of(super().span(), self.conjugate, self.negative)

    def flat(self, start: int, stop: int) -> bytes:
        """Return the elements `start` to `stop` in row-major order, their signs changed; see `Stored.flat`."""
        data = bytearray(super().flat(start, stop))
        unit = self.dtype.unit
        if self.dtype.number != "complex":
            signs = [unit - 1] if self.negative else []
        else:  # the signs of the real and of the imaginary parts
            signs = [unit // 2 - 1] * self.negative + [unit - 1] * (self.negative != self.conjugate)
        for last in signs:
            data[last::unit] = data[last::unit].translate(_FLIPPED)
        return bytes(data)


def has_signs(dtype: DType) -> bool:
    """Return whether a number of a dtype has a sign as its first bit."""
    return dtype.number in ("float", "complex") and dtype.per_unit == 1 and dtype.unit > 1
