"""What is in a torch file: its containers walked into tensors and values, each with its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...stored.checkpoint import Item
from ...stored.stored import StoredKind
from ..wording import shortened
from .objects import PickledModule, TensorHolders, content_of, module_in, object_class_name, object_parts
from .optimizer import Linked, ParameterNames, names_of_tensors
from .raw import RawGroup, RawRecord, RawStorage, RawTensor
from .roles import Roles, is_optimizer
from .script import ScriptObject
from .texts import is_one_line, key_text, type_name, value_text
from .unpickler import UnknownObject

DEEPEST = 64
"""Levels of containers that are walked into, at most."""


@dataclass(slots=True)
class ContentsEntry:
    """A tensor that was found, and its path."""

    path: str
    tensor: RawTensor | RawGroup
    kind: StoredKind | None


@dataclass(slots=True)
class _Step:
    """Something that is still to be looked at, or, without a path, a container that was left."""

    path: str | None
    value: Any
    depth: int = 0
    kind: StoredKind | None = None
    linked: str = ""
    """The path of the parameter that it belongs to."""
    once: bool = False
    """Whether it is in an attribute of a module, where what the network has registered is not shown again."""


@dataclass(slots=True)
class PickleContents:
    """All that was found in a pickle, in the file's order."""

    roles: Roles
    """Which dictionaries are state dicts, and which optimizers'."""
    tensors: list[ContentsEntry] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    """What is no tensor, a line of text each."""
    classes: dict[str, str] = field(default_factory=dict)
    """The classes of modules and objects by path, where the file names them."""
    facts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Of a module's path, what it has beside tensors and modules, label and text."""
    bare: list[tuple[str, int]] = field(default_factory=list)
    """Paths of modules in which there is nothing, and how many tensors come before each."""
    has_module: bool = False
    """Whether a module of torch was pickled whole, with its class."""
    versions: dict[str, Any] = field(default_factory=dict)
    """The `_metadata` of state dicts, by the path of the state dict."""
    links: dict[str, list[str]] = field(default_factory=dict)
    """Of a parameter's path, the paths of its optimizer state."""
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, root: object, size: int) -> PickleContents:
        """Walk what a pickle of `size` bytes holds, from its `root` on.

        A pickle may refer to one thing many times, and to itself: what is walked is bounded by its size, not by what
        it would be when written out.
        """
        return _Walk(root, size).walk()


class _Walk:
    def __init__(self, root: Any, size: int) -> None:
        self._roles = Roles(root)
        self._root = root
        self._holders: TensorHolders | None = None
        self._registered: set[int] = set()
        self._keys: dict[int, Linked] = {}
        """By the identity of a tensor that is a key in an optimizer, the name of the parameter that it is."""
        self._found = PickleContents(self._roles)
        self._names = ParameterNames(self._roles)
        self._found.warnings += self._names.warnings
        self._paths: set[str] = set()
        self._inside: set[int] = set()
        self._steps_left = 100_000 + size // 4
        self._characters_left = (16 << 20) + 16 * size
        self._todo = [_Step("", root)]

    def walk(self) -> PickleContents:
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
        if step.once and id(step.value) in self._registered:
            return
        value = step.value
        if type(value) is UnknownObject:
            value = step.value = content_of(value)
        if isinstance(value, (RawTensor, RawGroup)):
            self._tensor(step, path, value)
        elif isinstance(value, RawStorage):
            whole = RawTensor(value, value.dtype, 0, (value.size,), (1,))
            self._tensor(step, path, whole)
        elif self._is_leaf(value):
            self._item(path or "value", value)
        else:
            self._container(step, path, value)

    def _is_leaf(self, value: Any) -> bool:
        """Return whether a value is one line: there is no tensor in it, nor anything that has rows of its own."""
        if isinstance(value, UnknownObject):
            return not value.entries and not self._holds_tensors(value)
        if isinstance(value, (set, frozenset)):
            return not any(isinstance(each, _TENSORS) for each in value)
        return is_one_line(value) and not isinstance(value, ScriptObject)

    def _holds_tensors(self, value: object) -> bool:
        if self._holders is None:
            self._holders = TensorHolders(self._root)
        return value in self._holders

    def _tensor(self, step: _Step, path: str, value: RawTensor | RawGroup) -> None:
        path = self._unique(path or "tensor")
        self._found.tensors.append(ContentsEntry(path, value, step.kind))
        if step.linked:
            self._found.links.setdefault(step.linked, []).append(path)
        if isinstance(value, RawGroup):
            return
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
            self._steps_left -= 1000  # a file of nothing else soon ends
            return
        attributes = getattr(value, "attributes", None)
        if isinstance(value, dict):
            versions = attributes.get("_metadata") if isinstance(attributes, dict) else None
            if isinstance(versions, dict):
                self._found.versions[path] = versions
            if value:
                self._dictionary(step, path, value)
                return
        elif isinstance(value, ScriptObject):
            self._found.classes[path] = value.name
            self._enter(step, value, ((_joined(path, name), each, kind) for name, each, kind in value.members()))
            return
        elif isinstance(value, UnknownObject):
            self._object(step, path, value)
            return
        elif isinstance(value, RawRecord):
            if value.type == "Generator":
                step.kind = "state"
            self._enter(step, value, ((_joined(path, key_text(key)), each) for key, each in value.attributes.items()))
            return
        elif not all(map(self._is_leaf, value)) or any(isinstance(each, _TENSORS) for each in value):
            self._enter(step, value, ((_joined(path, str(index)), each) for index, each in enumerate(value)))
            return
        self._item(path or "value", value)

    def _object(self, step: _Step, path: str, value: UnknownObject) -> None:
        module = module_in(value)
        if module is not None:
            self._module(step, path, value, module)
            return
        self._found.classes[path] = object_class_name(value)
        if isinstance(value.state, dict) and is_optimizer(value.state):
            step.kind = "state"
            self._steps_left -= sum(len(each.value) for each in self._roles.state_dicts)
            self._keys |= names_of_tensors(value.state, self._roles)
        self._enter(step, value, ((_joined(path, key_text(key)), each) for key, each in object_parts(value)))

    def _module(self, step: _Step, path: str, value: UnknownObject, module: PickledModule) -> None:
        found = self._found
        found.has_module = True
        if id(value) not in self._registered:
            self._registered |= self._roles.registered(value, module).objects
        found.classes[path] = module.class_name
        facts = found.facts[path] = []
        if module.is_training is not None:
            facts.append(("Mode", "train" if module.is_training else "eval"))
        made: list[_Step] = []

        def add(name: str, each: Any, kind: StoredKind | None, once: bool = False) -> None:
            kind = step.kind or kind
            made.append(_Step(_joined(path, name), each, step.depth + 1, kind, step.linked, once or step.once))

        for name, each in module.parameters():
            add(name, each, None)
        hidden = module.not_persistent
        for name, each in module.buffers():
            if name in hidden and isinstance(each, (RawTensor, RawGroup)) and _NOT_PERSISTENT not in each.notes:
                each.notes += (_NOT_PERSISTENT,)
            add(name, each, "buffer")
        for name, each in module.modules():
            add(name, each, None)
        for name, each in module.attributes():
            if isinstance(each, _TENSORS) or self._holds_tensors(each):
                add(name, each, None if name == _PACKED else "constant", True)
            else:
                facts.append((name, value_text(content_of(each))))
                self._characters_left -= len(facts[-1][1])
        if not made and path:
            found.bare.append((path, len(found.tensors)))
        facts += ((f"Hooks {when}", value_text(hooks)) for when, hooks in module.hooks())
        self._leave_later(value)
        self._todo += reversed(made)

    def _dictionary(self, step: _Step, path: str, value: dict[Any, Any]) -> None:
        named: dict[Any, Linked] = self._names.of(value)
        steps: list[_Step] = []
        for key, each in value.items():
            kind = step.kind or self._roles.kind(value, key)
            link = self._keys.get(id(key)) if isinstance(key, RawTensor) else named.get(key)
            name = link.name if link else key_text(key)
            linked = link.path if link else step.linked
            steps.append(_Step(_joined(path, name), each, step.depth + 1, kind, linked, step.once))
        self._leave_later(value)
        self._todo += reversed(steps)

    def _enter(self, step: _Step, value: object, children: Iterable[tuple[Any, ...]]) -> None:
        self._leave_later(value)
        self._push(step, children)

    def _push(self, step: _Step, children: Iterable[tuple[Any, ...]]) -> None:
        made = [
            _Step(path, each, step.depth + 1, kind[0] if kind and kind[0] else step.kind, step.linked, step.once)
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


_NOT_PERSISTENT = ("buffer", "not persistent: it is no part of the state dict")
"""The note on such a buffer, label and text."""
_PACKED = "_packed_params"
"""The attribute in which torch's quantised layers keep weight and bias."""
_TENSORS = (RawTensor, RawGroup, RawStorage, ScriptObject)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _numbered(path: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{path} ({number})"
        number += 1
