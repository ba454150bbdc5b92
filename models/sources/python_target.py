"""`FILE.py:NAME` and `package.module:NAME`: a module, a class that builds one, or a function that returns one."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .base import Kind, Source, SourceError, close_to
from .importing import import_file, import_named, persons_code

if TYPE_CHECKING:
    from torch import nn  # only there once something is opened: a wrong name is told without it


def _claims(text: str) -> bool:
    return ":" in text or text.endswith(".py")


def load_target(text: str) -> object:
    """What `FILE.py:NAME` or `package.module:NAME` names, imported beside the source that is open.

    Raises SourceError when it cannot be imported or there is no such NAME.
    """
    place, name, module = _imported(text, beside=True)
    return _attribute(module, place, name)


def _open(text: str) -> Source:
    place, name, module = _imported(text)
    target = _attribute(module, place, name)
    network = _built(target, f"{Path(place).name}:{name}")
    return Source(
        source=text,
        kind="module",
        name=name.rpartition(".")[2] if target is network else "net",  # the name of a class stays the class
        module=network,
        names={key: value for key, value in vars(module).items() if not key.startswith("_")},
        file=getattr(module, "__file__", None),
    )


def _imported(text: str, beside: bool = False) -> tuple[str, str, ModuleType]:
    """The two halves of `text`, and the module that the first one names."""
    place, _, name = (text, "", "") if text.endswith(".py") else text.rpartition(":")
    if place.endswith(".py"):
        path = Path(place).expanduser()
        _check_file(place, path, name)
        return place, name, import_file(path, beside)
    _check_dotted(text, place, name)
    return place, name, import_named(place, beside)


def _check_file(place: str, path: Path, name: str) -> None:
    if path.is_dir():
        raise SourceError(f"{place!r} is a folder")
    if not path.is_file():
        folder = path.parent
        neighbours = sorted(each.name for each in folder.glob("*.py")) if folder.is_dir() else []
        looked = f"Looked for {path.absolute()}."
        raise SourceError(
            f"There is no file {place!r}", " ".join(filter(None, [looked, close_to(path.name, neighbours)]))
        )
    if not name:
        found = ", ".join(_top_level(path))
        raise SourceError(
            f"{place!r} names a file, but not what to open in it",
            f"Write {place}:NAME" + (f", where NAME may be one of: {found}." if found else "."),
        )


def _top_level(path: Path) -> list[str]:
    """Public names that a file defines at its top, read without running it; at most twenty."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: list[str] = []
    for statement in body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")][:20]


def _check_dotted(text: str, place: str, name: str) -> None:
    if not name:
        raise SourceError(f"{text!r} does not name what to open", f"Write {place or 'package.module'}:NAME.")
    if not all(part.isidentifier() for part in place.split(".")):
        raise SourceError(
            f"{place!r} is neither a Python file nor the dotted name of a module",
            "Write FILE.py:NAME or package.module:NAME.",
        )


def _attribute(module: ModuleType, place: str, name: str) -> object:
    """Follow `a.b` from the imported module."""
    found: object = module
    so_far, joint = Path(place).name, ":"
    for part in name.split("."):
        with persons_code(f"{so_far}{joint}{part}"):
            known = dir(found)
            value = getattr(found, part, _MISSING)
        if value is _MISSING:
            public = [each for each in known if not each.startswith("_")]
            networks = [each for each in public if _is_network(getattr(found, each, None), module.__name__)]
            offers = f"It has: {', '.join(networks[:20])}." if networks else ""
            raise SourceError(
                f"There is no {part!r} in {so_far}", " ".join(filter(None, [close_to(part, public), offers]))
            )
        found = value
        so_far, joint = f"{so_far}{joint}{part}", "."
    return found


_MISSING = object()


def _is_network(value: object, home: str) -> bool:
    from torch import nn

    if isinstance(value, type):
        return issubclass(value, nn.Module) and value.__module__ == home
    return isinstance(value, nn.Module) or (inspect.isfunction(value) and value.__module__ == home)


def _built(target: object, what: str) -> nn.Module:
    """The network that `target` is or builds."""
    from torch import nn

    if isinstance(target, nn.Module):
        return target
    if isinstance(target, type) and not issubclass(target, nn.Module):
        raise SourceError(f"{what} is a class, but not of torch.nn.Module", _WHAT_WORKS)
    if not callable(target):
        raise SourceError(f"{what} is {_a(target)}, not a network", _WHAT_WORKS)
    needed = _needed(target)
    if needed:
        called = what.rpartition(":")[2].rpartition(".")[2]
        raise SourceError(
            f"{what} needs arguments: {', '.join(needed)}",
            "Name a function without arguments instead, such as\n"
            f"def build():\n    return {called}({', '.join(f'{each}=...' for each in needed)})",
        )
    with persons_code(what):
        network = target()
    if not isinstance(network, nn.Module):
        raise SourceError(f"{what}() returned {_a(network)}, not a network", _WHAT_WORKS)
    return network


_WHAT_WORKS = "NAME must be an nn.Module, a class that builds one without arguments, or a function that returns one."


def _needed(target: object) -> list[str]:
    """Parameters without which `target` cannot be called; none where Python cannot tell."""
    if not callable(target):
        return []
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in optional]


def _a(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, ModuleType):
        return "a Python module"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


KIND = Kind(claims=_claims, open=_open)
