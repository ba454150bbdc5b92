"""What is in a torch file: its containers walked into tensors and values, each with its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...stored.checkpoint import Item
from ...stored.stored import StoredKind
from ..wording import shortened
from .optimizer import Linked, Names
from .raw import RawGroup, RawStorage, RawTensor, Record
from .roles import Roles
from .script import ScriptObject
from .texts import is_plain, key_text, type_name, value_text

DEEPEST = 64
"""Levels of containers that are walked into."""


@dataclass(slots=True)
class Entry:
    """A tensor that was found."""

    path: str
    tensor: RawTensor
    kind: StoredKind | None
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Step:
    """Something that is still to be looked at, or, without a path, a container that was left."""

    path: str | None
    value: Any
    depth: int = 0
    kind: StoredKind | None = None
    linked: str = ""
    """The path of the parameter that it belongs to."""
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Contents:
    """All that was found, in the file's order."""

    roles: Roles
    tensors: list[Entry] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    """The `_metadata` of state dicts, by the path of the state dict."""
    links: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, root: object, size: int) -> Contents:
        """Walk what a pickle of `size` bytes holds.

        A pickle may refer to one thing many times, and to itself: what is walked is bounded by its size, not by what
        it would be when written out.
        """
        return _Walk(root, size).walk()


class _Walk:
    def __init__(self, root: Any, size: int) -> None:
        self._roles = Roles(root)
        self._found = Contents(self._roles)
        self._names = Names(self._roles)
        self._paths: set[str] = set()
        self._inside: set[int] = set()
        self._steps_left = 100_000 + size // 4
        self._characters_left = (16 << 20) + 16 * size
        self._todo = [_Step("", root)]

    def walk(self) -> Contents:
        found = self._found
        while self._todo:
            step = self._todo.pop()
            if step.path is None:
                self._inside.discard(id(step.value))
                continue
            self._steps_left -= 1
            self._characters_left -= len(step.path)
            if self._steps_left < 0 or self._characters_left < 0:
                found.warnings.append(
                    f"It refers to the same things again and again: what follows {shortened(step.path)!r} is not shown."
                )
                break
            self._look(step, step.path)
        return found

    def _look(self, step: _Step, path: str) -> None:
        value = step.value
        if isinstance(value, RawTensor):
            self._tensor(step, path, value)
        elif isinstance(value, RawStorage):
            whole = RawTensor(value, value.dtype, 0, (value.size,), (1,))
            self._tensor(step, path, whole)
        elif is_plain(value) and not isinstance(value, (RawGroup, ScriptObject)):
            self._item(path or "value", value)
        else:
            self._container(step, path, value)

    def _tensor(self, step: _Step, path: str, value: RawTensor) -> None:
        path = self._unique(path or "tensor")
        self._found.tensors.append(Entry(path, value, step.kind, step.notes))
        if step.linked:
            self._found.links.setdefault(step.linked, []).append(path)
        extra = {key: each for key, each in value.attributes.items() if key not in ("_is_buffer", "persistent")}
        if extra and step.depth < DEEPEST and id(value) not in self._inside:
            self._enter(step, value, ((f"{path}.{key}", each) for key, each in extra.items()))

    def _item(self, path: str, value: object) -> None:
        self._found.items.append(Item(self._unique(path), type_name(value), value_text(value)))

    def _container(self, step: _Step, path: str, value: Any) -> None:
        if id(value) in self._inside:
            self._found.items.append(Item(self._unique(path or "value"), type_name(value), "what it is itself in"))
            return
        if step.depth >= DEEPEST:
            self._found.warnings.append(
                f"What is nested deeper than {DEEPEST} levels in {shortened(path)!r} is not shown."
            )
            self._steps_left -= 1000  # a file of nothing else is soon enough told
            return
        attributes = getattr(value, "attributes", None)
        if isinstance(value, dict):
            versions = attributes.get("_metadata") if isinstance(attributes, dict) else None
            if isinstance(versions, dict):
                self._found.versions[path] = versions
            if value:
                self._dictionary(step, path, value)
                return
        elif isinstance(value, RawGroup):
            path = path or "tensor"
            parts = ((f"{path}.{key}" if key else path, each) for key, each in value.parts.items())
            self._leave_later(value)
            self._push(step, parts, step.notes + value.notes)
            return
        elif isinstance(value, ScriptObject):
            self._found.classes[path] = value.name
            self._enter(step, value, ((_joined(path, name), each, kind) for name, each, kind in value.members()))
            return
        elif isinstance(value, Record):
            self._enter(step, value, ((_joined(path, key_text(key)), each) for key, each in value.attributes.items()))
            return
        elif not all(map(is_plain, value)) or any(isinstance(each, _TENSORS) for each in value):
            self._enter(step, value, ((_joined(path, str(index)), each) for index, each in enumerate(value)))
            return
        self._item(path or "value", value)

    def _dictionary(self, step: _Step, path: str, value: dict[Any, Any]) -> None:
        named: dict[Any, Linked] = self._names.of(value)
        steps: list[_Step] = []
        for key, each in value.items():
            kind = step.kind or self._roles.kind(value, key)
            link = named.get(key)
            name = link.name if link else key_text(key)
            linked = link.path if link else step.linked
            steps.append(_Step(_joined(path, name), each, step.depth + 1, kind, linked))
        self._leave_later(value)
        self._todo += reversed(steps)

    def _enter(self, step: _Step, value: object, children: Iterable[tuple[Any, ...]]) -> None:
        self._leave_later(value)
        self._push(step, children, step.notes)

    def _push(self, step: _Step, children: Iterable[tuple[Any, ...]], notes: tuple[tuple[str, str], ...]) -> None:
        made = [
            _Step(path, each, step.depth + 1, kind[0] if kind and kind[0] else step.kind, step.linked, notes)
            for path, each, *kind in children
        ]
        self._todo += reversed(made)

    def _leave_later(self, value: object) -> None:
        self._inside.add(id(value))
        self._todo.append(_Step(None, value))

    def _unique(self, path: str) -> str:
        if path in self._paths:
            path = next(each for each in _numbered(path) if each not in self._paths)
        self._paths.add(path)
        return path


_TENSORS = (RawTensor, RawGroup, RawStorage, ScriptObject)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _numbered(path: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{path} ({number})"
        number += 1
