"""A change that can be undone: the values, gradients and objects that there were before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from ..live.registered import parameters_in
from ..messages import NodeKind
from ..tensors.tensors import size_in_bytes
from .gradients import GradientRecord
from .record import RestoreError, ValueRecord

_REGISTRIES = {"module": "_modules", "parameter": "_parameters", "buffer": "_buffers"}


@dataclass(frozen=True, slots=True)
class ReplacedObject:
    """A module or tensor that another one replaced under its name."""

    owner: nn.Module
    attribute: str
    kind: NodeKind
    item: nn.Module | Tensor

    def restore(self) -> None:
        """Put the old object back under its name, in its old position when the name is still there.

        Raises:
            RestoreError: the owner's registries cannot be written to.
        """
        held = vars(self.owner)
        try:
            home = held[_REGISTRIES[self.kind]] if self.kind in _REGISTRIES else held
            for other in (held["_modules"], held["_parameters"], held["_buffers"], held):
                if other is not home:
                    other.pop(self.attribute, None)
            home[self.attribute] = self.item
        except (KeyError, TypeError, RuntimeError) as exc:  # a scripted module has registries of its own
            raise RestoreError(f"a {type(self.owner).__name__} does not take it back") from exc


@dataclass(slots=True)
class Change:
    """A change in the history: the state before it."""

    label: str
    """The statement, or `forward`, `backward`."""
    paths: list[str]
    """Paths whose values changed, all names of a shared tensor."""
    values: list[tuple[str, ValueRecord]] = field(default_factory=list)
    gradients: list[tuple[str, GradientRecord]] = field(default_factory=list)
    replaced: list[tuple[str, ReplacedObject]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Paths that cannot be restored, and why."""

    def size(self) -> int:
        """Return the bytes that the change keeps alive: copies, replaced tensors and memory."""
        total = sum(record.size + record.moved_bytes() for _, record in self.values)
        total += sum(record.size for _, record in self.gradients)
        for _, replaced in self.replaced:
            tensors = parameters_in(replaced.item) if isinstance(replaced.item, nn.Module) else [replaced.item]
            total += sum(size_in_bytes(tensor) or 0 for tensor in tensors)
        return total

    def restore(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Undo the change; return the paths that were restored, and those that could not be, with the reason."""
        back: dict[str, None] = {}
        lost = list(self.lost)
        # objects first, then their values, then the gradients, which must fit them
        parts: tuple[tuple[str, ReplacedObject | ValueRecord | GradientRecord], ...]
        parts = (*self.replaced, *self.values, *self.gradients)
        for path, part in parts:
            try:
                part.restore()
                back[path] = None
            except RestoreError as exc:
                lost.append((path, str(exc)))
        return list(back), lost


def listed_paths(paths: list[str], limit: int = 5) -> str:
    """Return `0.weight, 2.bias`: the first `limit` paths, and how many more there are."""
    shown = ", ".join(path or "the network itself" for path in paths[:limit])
    return shown if len(paths) <= limit else f"{shown} and {len(paths) - limit:,} more"


def listed_reasons(lost: list[tuple[str, str]], limit: int = 3) -> str:
    """Return `0.weight: there was no room …` for the first `limit` paths, and how many more there are."""
    shown = "; ".join(f"{path}: {reason}" for path, reason in lost[:limit])
    return shown if len(lost) <= limit else f"{shown}; and {len(lost) - limit:,} more"


def quoted_label(label: str, limit: int = 60) -> str:
    """Return the first line of a statement in backticks, at most `limit` characters of it, for use in a sentence."""
    first = next((line.strip() for line in label.splitlines() if line.strip()), "")
    more = len(first) > limit or len(label.strip().splitlines()) > 1
    return f"`{first[:limit]}{' …' if more else ''}`" if first else "the last change"
