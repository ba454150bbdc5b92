"""TorchScript archives: the modules in them, with the classes that the archive tells.  Its code is never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...stored.stored import StoredKind
from ...stored.zip_archive import Archive, BrokenArchive, Record
from .raw import RawGroup, RawTensor
from .stub_classes import STUB_CLASSES

_OWN = "__torch__"
_CLASS = re.compile(r"^class (\w+)\(Module\):", re.MULTILINE)
_LIST = re.compile(r"^  __(parameters|buffers)__ = \[(.*)\]$", re.MULTILINE)
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MOST_CODE = 1 << 20
_ALL_CODE = 16 << 20
_HIDDEN = ("training", "_is_full_backward_hook")

Roles = dict[str, StoredKind]


class ScriptObject:
    """A module, or an object of a class that the archive's code defines."""

    __slots__ = ("_roles", "_state", "name")

    def __init__(self, name: str, roles: Roles) -> None:
        self.name = name
        """The class as the user knows it: `Linear`."""
        self._roles = roles
        self._state: dict[Any, Any] = {}

    def build(self, state: object) -> None:
        """Its attributes."""
        self._state = state if isinstance(state, dict) else {"state": state}

    def add(self, name: str, value: object) -> None:
        """One more attribute; an own one of that name stays."""
        self._state.setdefault(name, value)

    def members(self) -> Iterator[tuple[str, Any, StoredKind | None]]:
        """Name, value and role of each attribute that says something."""
        for name, value in self._state.items():
            if isinstance(name, str) and name not in _HIDDEN:
                is_tensor = isinstance(value, (RawTensor, RawGroup))
                yield name, value, self._roles.get(name) if is_tensor else None


class ScriptNames(Mapping[tuple[str, str], Any]):
    """The stand-ins of a TorchScript archive: those of every torch file, and one for each class of its own."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive = archive
        self._prefix = prefix
        self._left = _ALL_CODE
        self._roles: dict[str, dict[str, Roles]] = {}

    def __getitem__(self, key: tuple[str, str]) -> Any:
        module, name = key
        if module == _OWN or module.startswith(f"{_OWN}."):
            known = self._roles.get(module)
            if known is None:
                known = self._roles[module] = self._roles_in(module)
            return lambda *arguments: ScriptObject(name, known.get(name, {}))
        if module == "torch.jit._pickle":
            return _of_pickle
        return STUB_CLASSES[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(STUB_CLASSES)

    def __len__(self) -> int:
        return len(STUB_CLASSES)

    def _roles_in(self, module: str) -> dict[str, Roles]:
        """What the classes of a module declare as parameters and buffers; read from its text, which is not run."""
        record: Record | None = self._archive.records.get(f"{self._prefix}code/{module.replace('.', '/')}.py")
        if record is None or record.size > min(_MOST_CODE, self._left):
            return {}
        self._left -= record.size
        try:
            text = self._archive.read(record, _MOST_CODE).decode("utf-8", "replace")
        except BrokenArchive:
            return {}
        found: dict[str, Roles] = {}
        pieces = _CLASS.split(text)
        for name, body in zip(pieces[1::2], pieces[2::2], strict=False):
            roles: Roles = {}
            for which, names in _LIST.findall(body):
                roles.update(dict.fromkeys(_NAME.findall(names), "parameter" if which == "parameters" else "buffer"))
            found[name] = roles
        return found


def _of_pickle(*arguments: Any) -> Any:
    """TorchScript's own helpers only tell the types of lists and dictionaries."""
    return arguments[0] if arguments else None
