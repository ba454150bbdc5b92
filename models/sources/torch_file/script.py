"""TorchScript archives: the modules in them, with the classes that the archive names.  Its code is never run.

The format: https://github.com/pytorch/pytorch/blob/main/torch/csrc/jit/docs/serialization.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...stored.stored import StoredKind
from ...stored.zip_archive import Archive, ArchiveRecord, BrokenArchive
from .raw import RawGroup, RawTensor
from .stub_classes import STUB_CLASSES

_OWN = "__torch__"
_CLASS = re.compile(r"^class (\w+)\(Module\):", re.MULTILINE)
_LIST = re.compile(r"^  __(parameters|buffers)__ = \[(.*)\]$", re.MULTILINE)
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CODE_LIMIT = 1 << 20
_ALL_CODE = 16 << 20
_HIDDEN = ("training", "_is_full_backward_hook")

TensorRoles = dict[str, StoredKind]
"""Of a module's class, the roles that its attributes have by their names; what it does not declare is a constant."""


class ScriptObject:
    """A module, or an object of a class that the archive's code defines."""

    __slots__ = ("_added", "_roles", "_state", "name")

    def __init__(self, name: str, roles: TensorRoles | None) -> None:
        self.name = name
        """The class as the user knows it: `Linear`."""
        self._roles = roles
        self._added: TensorRoles = {}
        self._state: dict[Any, Any] = {}

    def build(self, state: object) -> None:
        """Take the attributes."""
        self._state = state if isinstance(state, dict) else {"state": state}

    def add(self, name: str, value: object, role: StoredKind | None) -> None:
        """Add one more attribute with its role; an own one of that name stays."""
        if name not in self._state:
            self._state[name] = value
            if role is not None:
                self._added[name] = role

    def members(self) -> Iterator[tuple[str, Any, StoredKind | None]]:
        """Yield name, value and role of each attribute that says something; None for no tensor, or none declared."""
        for name, value in self._state.items():
            if isinstance(name, str) and name not in _HIDDEN:
                yield name, value, self._role(name, value)

    def _role(self, name: str, value: object) -> StoredKind | None:
        if name in self._added or self._roles is None or not isinstance(value, (RawTensor, RawGroup)):
            return self._added.get(name)
        return self._roles.get(name, "constant")


class ScriptNames(Mapping[tuple[str, str], Any]):
    """The stubs of a TorchScript archive: those of every torch file, and one for each class of its own."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive = archive
        self._prefix = prefix
        self._left = _ALL_CODE
        self._roles: dict[str, dict[str, TensorRoles]] = {}
        self.has_parameters = False
        """Whether a class that was asked for declares any."""

    def __getitem__(self, key: tuple[str, str]) -> Any:
        module, name = key
        if module == _OWN or module.startswith(f"{_OWN}."):
            known = self._roles.get(module)
            if known is None:
                known = self._roles[module] = self._roles_in(module)
            return lambda *arguments: ScriptObject(name, known.get(name))
        if module == "torch.jit._pickle":
            return _of_pickle
        return STUB_CLASSES[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(STUB_CLASSES)

    def __len__(self) -> int:
        return len(STUB_CLASSES)

    def _roles_in(self, module: str) -> dict[str, TensorRoles]:
        """Return what the classes of a module declare as parameters and buffers; its text is read and never run."""
        record: ArchiveRecord | None = self._archive.records.get(f"{self._prefix}code/{module.replace('.', '/')}.py")
        if record is None or record.size > min(_CODE_LIMIT, self._left):
            return {}
        self._left -= record.size
        try:
            text = self._archive.read(record, _CODE_LIMIT).decode("utf-8", "replace")
        except BrokenArchive:
            return {}
        found: dict[str, TensorRoles] = {}
        pieces = _CLASS.split(text)
        for name, body in zip(pieces[1::2], pieces[2::2], strict=False):
            roles: TensorRoles = {}
            lists = _LIST.findall(body)
            for which, names in lists:
                roles.update(dict.fromkeys(_NAME.findall(names), "parameter" if which == "parameters" else "buffer"))
            if lists:
                found[name] = roles
                self.has_parameters |= "parameter" in roles.values()
        return found


def _of_pickle(*arguments: Any) -> Any:
    """Return the first argument: TorchScript's own helpers only add the types of lists and dictionaries."""
    return arguments[0] if arguments else None
