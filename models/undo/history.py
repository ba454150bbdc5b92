"""One change that can be taken back: which values, gradients and objects there were before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from ..live.registered import parameters_in
from ..messages import NodeKind
from ..tensors.tensors import size_in_bytes
from .gradients import GradientRecord
from .record import Lost, Record

_REGISTRIES = {"module": "_modules", "parameter": "_parameters", "buffer": "_buffers"}


@dataclass(frozen=True, slots=True)
class Placed:
    """An object that another one replaced under its name."""

    owner: nn.Module
    attribute: str
    kind: NodeKind
    item: nn.Module | Tensor

    def restore(self) -> None:
        """Put the old object back under its name, in its old place when the name is still there; raises `Lost`."""
        held = vars(self.owner)
        try:
            home = held[_REGISTRIES[self.kind]] if self.kind in _REGISTRIES else held
            for other in (held["_modules"], held["_parameters"], held["_buffers"], held):
                if other is not home:
                    other.pop(self.attribute, None)
            home[self.attribute] = self.item
        except (KeyError, TypeError, RuntimeError) as exc:  # a scripted module has registries of its own
            raise Lost(f"a {type(self.owner).__name__} does not take it back") from exc


@dataclass(slots=True)
class Change:
    """One entry of the history."""

    label: str
    paths: list[str]
    """Paths whose values changed, every shared name told."""
    values: list[tuple[str, Record]] = field(default_factory=list)
    gradients: list[tuple[str, GradientRecord]] = field(default_factory=list)
    placed: list[tuple[str, Placed]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Paths that cannot be taken back, and why."""

    def size(self) -> int:
        """Bytes that the entry keeps alive: copies, replaced tensors and memory."""
        total = sum(record.size + record.moved_bytes() for _, record in self.values)
        total += sum(record.size for _, record in self.gradients)
        for _, placed in self.placed:
            tensors = parameters_in(placed.item) if isinstance(placed.item, nn.Module) else [placed.item]
            total += sum(size_in_bytes(tensor) or 0 for tensor in tensors)
        return total

    def restore(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Take the change back; returns the paths that came back and those that could not, with the reason."""
        back: dict[str, None] = {}
        lost = list(self.lost)
        # objects first, then their values, then the gradients, which must fit them
        parts: tuple[tuple[str, Placed | Record | GradientRecord], ...]
        parts = (*self.placed, *self.values, *self.gradients)
        for path, part in parts:
            try:
                part.restore()
                back[path] = None
            except Lost as exc:
                lost.append((path, str(exc)))
        return list(back), lost


def listed(paths: list[str], most: int = 5) -> str:
    """`0.weight, 2.bias`, or the first few and how many more."""
    shown = ", ".join(path or "the network itself" for path in paths[:most])
    return shown if len(paths) <= most else f"{shown} and {len(paths) - most:,} more"


def reasons(lost: list[tuple[str, str]], most: int = 3) -> str:
    """`0.weight: there was no room …`, for the first few paths."""
    shown = "; ".join(f"{path}: {reason}" for path, reason in lost[:most])
    return shown if len(lost) <= most else f"{shown}; and {len(lost) - most:,} more"


def named(label: str, longest: int = 60) -> str:
    """The first line of a statement, as it is named in a sentence."""
    first = next((line.strip() for line in label.splitlines() if line.strip()), "")
    more = len(first) > longest or len(label.strip().splitlines()) > 1
    return f"`{first[:longest]}{' …' if more else ''}`" if first else "the last change"
