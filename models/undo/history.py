"""A change that can be undone: what the network held before it, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from ..tensors.plainly import plain
from ..tensors.tensors import requires_grad, size_in_bytes
from .gradients import GradientRecord
from .modules import ModuleRecord
from .names import NamePart, names_in
from .optimizers import OptimizerRecord
from .random_numbers import RandomRecord
from .record import RestoreError, ValueRecord

KINDS = (
    ("training", "training of"),
    ("requires_grad", "requires_grad of"),
    ("class", "the class of"),
    ("hooks", "hooks of"),
    ("attribute", "attributes"),
)
"""What is said of that which is neither a value nor an entry, in this order: a key of `Change.noted`, and words."""


@dataclass(frozen=True, slots=True)
class FlagRecord:
    """Whether a tensor required a gradient."""

    tensor: Tensor
    flag: bool

    def changed(self) -> bool:
        """Return whether the flag is not what it was."""
        return requires_grad(self.tensor) is not self.flag

    def restore(self) -> None:
        """Restore the flag.

        Raises:
            RestoreError: torch refuses: it is the result of a computation, or holds integers.
        """
        try:
            if self.changed():
                self.tensor.requires_grad_(self.flag)
        except RuntimeError as exc:
            raise RestoreError(str(exc).split("\n")[0]) from exc


@dataclass(frozen=True, slots=True)
class Departed:
    """A tensor that the network holds no more; it comes back with the module that held it."""

    path: str
    tensor: Tensor
    record: ValueRecord | None
    """Its values, in case they change meanwhile; None where they are not kept."""
    flag: bool
    """Whether it required a gradient."""

    def size(self) -> int:
        """Return the bytes of the tensor and of its copy."""
        return (size_in_bytes(self.tensor) or 0) + (0 if self.record is None else self.record.size)


@dataclass(slots=True)
class Change:
    """A change in the history: the state before it."""

    label: str
    """The statement, or `forward`, `backward`."""
    root: nn.Module | None = None
    """The network that was open before, where another one took its name."""
    paths: list[str] = field(default_factory=list)
    """Paths whose values changed, all names of a shared tensor."""
    modules: list[tuple[str, ModuleRecord]] = field(default_factory=list)
    values: list[tuple[str, ValueRecord]] = field(default_factory=list)
    flags: list[tuple[str, FlagRecord]] = field(default_factory=list)
    gradients: list[tuple[str, GradientRecord]] = field(default_factory=list)
    optimizers: list[tuple[str, OptimizerRecord]] = field(default_factory=list)
    """By the console's names."""
    names: list[tuple[str, NamePart]] = field(default_factory=list)
    """What names of the console were bound to, and held."""
    random: RandomRecord | None = None
    """Where the generators of random numbers stood; None where none was drawn."""
    departed: list[Departed] = field(default_factory=list)
    departed_modules: list[tuple[str, ModuleRecord]] = field(default_factory=list)
    """Modules that the network holds no more, in case they change meanwhile."""
    noted: dict[str, list[str]] = field(default_factory=dict)
    """By kind (`entry`, and those of `KINDS`), the paths of what changed beside values."""
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Paths that cannot be restored, and why."""
    mark: int = 0
    """What the session calls the change; the same when it is undone and done again."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing changed that is undone, or that is reported to the user."""
        return self.is_beside and not self.names and self.random is None

    @property
    def is_beside(self) -> bool:
        """Return whether nothing of the network changed, at most names of the console and random numbers."""
        beside = self.gradients or self.optimizers or self.root is not None
        return not (self.modules or self.values or self.flags or beside or self.lost)

    @property
    def only_random(self) -> bool:
        """Return whether nothing happened but that random numbers were drawn."""
        return self.is_beside and not self.names and self.random is not None

    def size(self) -> int:
        """Return the bytes that the change keeps alive: copies, memory and tensors that nothing else holds."""
        total = sum(record.size + record.moved_bytes() for _, record in self.values)
        total += sum(record.size for _, record in self.gradients)
        total += sum(record.size for _, record in (*self.optimizers, *self.names))
        return total + sum(each.size() for each in self.departed)

    def spare(self) -> None:
        """Forget the values of tensors that the network holds no more: the tensors are still there themselves."""
        self.departed = [Departed(each.path, each.tensor, None, each.flag) for each in self.departed]

    def give_up(self, reason: str) -> None:
        """Forget all that would be needed to undo it."""
        self.root, self.modules, self.values, self.flags = None, [], [], []
        self.gradients, self.optimizers, self.departed, self.departed_modules = [], [], [], []
        self.names, self.random = [], None
        self.lost = [("", reason)]

    def restore(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Undo the change; return the paths that were restored, and those that could not be, with the reason."""
        back: dict[str, None] = {}
        lost = list(self.lost)
        # objects first, then their values, then the flags and gradients, which must fit them
        parts: list[tuple[str, ModuleRecord | ValueRecord | FlagRecord | GradientRecord | OptimizerRecord]]
        parts = [*self.modules, *((path, record) for path, record in self.departed_modules if record.changed())]
        parts += self.values
        for each in self.departed:
            if each.record is not None and each.record.copy is not None and each.record.changed():
                parts.append((each.path, each.record))
            if (flag := FlagRecord(each.tensor, each.flag)).changed():
                parts.append((each.path, flag))
        around = [*self.names, *([] if self.random is None else [("random numbers", self.random)])]
        for path, part in (*parts, *self.flags, *self.gradients, *self.optimizers, *around):
            try:
                part.restore()
                back[path] = None
            except RestoreError as exc:
                lost.append((path, str(exc)))
        lost += [(name, part.lacks) for name, part in self.names if part.lacks]
        if self.root is not None:
            back[""] = None
        return list(back), lost

    def described(self) -> str:
        """Return in words what changed: `0.weight, 0.bias and training of 1`."""
        parts = [listed_paths(self.paths), self.effects()]
        if self.gradients:
            parts.append("gradients of " + listed_paths([path for path, _ in self.gradients]))
        if self.names:
            names = [name for name in names_in(self.names) if " " not in name]
            plural = "s" if len(names) > 1 else ""
            parts.append(f"the name{plural} {listed_paths(names)}" if names else "")
            parts += [name for name in names_in(self.names) if " " in name]
        if self.random is not None:
            parts.append("random numbers")
        return " and ".join(filter(None, parts))

    def lasting(self) -> str:
        """Return what cannot be undone and why; empty where all can."""
        return listed_reasons(self.lost)

    def effects(self) -> str:
        """Return in words what changed beside values and gradients; empty for nothing."""
        parts = [] if self.root is None else ["the network that `net` is"]
        entries = [] if self.paths else self.noted.get("entry", [])
        parts += [listed_paths(entries)] if entries else []
        if self.optimizers:
            parts.append("the state of " + listed_paths([name for name, _ in self.optimizers]))
        noted = {**self.noted, "training": topmost(self.noted.get("training", []))}
        parts += [f"{words} {listed_paths(noted[kind])}" for kind, words in KINDS if noted.get(kind)]
        return " and ".join(parts)


def departing(tensor: Tensor) -> bool:
    """Return whether a tensor that the network holds no more may be kept: one of a graph would keep all of that."""
    return plain(tensor).grad_fn is None


def topmost(paths: list[str]) -> list[str]:
    """Return the paths below none of the others; of one with others below it, ` and all below` is added."""
    known, tops = set(paths), []
    for path in paths:
        parts = path.split(".")
        above = ["", *(".".join(parts[:end]) for end in range(1, len(parts)))]
        if path == "" or not known.intersection(above):
            below = any(other != path and other.startswith(f"{path}." if path else "") for other in paths)
            tops.append(f"{path or 'the network itself'} and all below" if below else path)
    return tops


def listed_paths(paths: list[str], limit: int = 5) -> str:
    """Return `0.weight, 2.bias`: the first `limit` paths, and how many more there are."""
    shown = ", ".join(path or "the network itself" for path in paths[:limit])
    return shown if len(paths) <= limit else f"{shown} and {len(paths) - limit:,} more"


def listed_reasons(lost: list[tuple[str, str]], limit: int = 3) -> str:
    """Return `0.weight: there was no room …` for the first `limit` paths, and how many more there are."""
    shown = "; ".join(f"{path}: {reason}" if path else reason for path, reason in lost[:limit])
    return shown if len(lost) <= limit else f"{shown}; and {len(lost) - limit:,} more"


def quoted_label(label: str, limit: int = 60) -> str:
    """Return a statement in backticks, for use in a sentence: at most `limit` characters of one line of it.

    That is the first line that imports nothing.
    """
    lines = [line.strip() for line in label.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith(("import ", "from "))), lines[0] if lines else "")
    more = len(first) > limit or len(label.strip().splitlines()) > 1
    return f"`{first[:limit]}{' …' if more else ''}`" if first else "the last change"
