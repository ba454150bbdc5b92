"""NAME of `FILE.py:NAME`, followed from an imported module: `net`, `trainer.model`, `nets['a'].head`, `models[0]`.

Attributes and literal subscripts only: naming an object runs nothing but what the user's own properties do.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ..opened.source import SourceError
from .base import close_to
from .importing import user_code

LONGEST = 1000
"""Characters of NAME, at most."""


class AttributeStep(NamedTuple):
    """One attribute, or with None there one subscript by `key`."""

    attribute: str | None
    key: object = None

    def __str__(self) -> str:
        return f"[{self.key!r}]" if self.attribute is None else self.attribute


def split_target(text: str) -> tuple[str, str]:
    """Return the two halves of `FILE.py:NAME` or `package.module:NAME`; NAME is empty where there is none."""
    if text.endswith(".py"):
        return text, ""
    file, colon, name = text.partition(".py:")
    opening = min((text.find(each) for each in "[(" if each in text), default=len(text))
    head = text[:opening]
    if colon and not (":" in head and len(head) < len(file)):  # not within a key or an argument
        return f"{file}.py", name
    place, _, name = head.rpartition(":")
    return place, name + text[opening:]


def steps(name: str) -> list[AttributeStep]:
    """Return NAME in steps, the first of them an attribute of the module.

    Raises:
        SourceError: it is more than attributes and literal subscripts, or longer than `LONGEST`.
    """
    if len(name) > LONGEST:
        raise SourceError(f"NAME is too long: {len(name):,} characters")
    try:
        node: ast.expr = ast.parse(name, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if not set(name) & set("[]()'\""):
            return [AttributeStep(part) for part in name.split(".")]  # `net.0`, as a path is written
        raise _no_name(name) from None
    found: list[AttributeStep] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            found.append(AttributeStep(node.attr))
        elif isinstance(node, ast.Subscript):
            try:
                found.append(AttributeStep(None, ast.literal_eval(node.slice)))
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                raise _no_name(name) from None
        else:
            raise _no_name(name)
        node = node.value
    return [AttributeStep(node.id), *reversed(found)]


def follow(module: ModuleType, place: str, name: str) -> tuple[object, str]:
    """Return the object that NAME names in an imported module, and the attribute it is; empty for a container's entry.

    Raises:
        SourceError: there is no such thing, or a property of the user's raised.
    """
    found: object = module
    so_far = Path(place).name
    called = ""
    for index, step in enumerate(steps(name)):
        here = so_far + (":" if index == 0 else "" if step.attribute is None else ".") + str(step)
        if step.attribute is None:
            called = ""
            with user_code(here):
                found = _entry(found, step.key, so_far)
        else:
            called = step.attribute
            with user_code(here):
                value = getattr(found, called, _MISSING)
            if value is _MISSING:
                raise _no_attribute(found, module, called, so_far)
            found = value
        so_far = here
    return found, called


def _entry(holder: object, key: object, so_far: str) -> object:
    try:
        return holder[key]  # type: ignore[index]
    except (KeyError, IndexError) as error:
        if type(error) is KeyError and isinstance(holder, dict):
            keys = [each for each in list(holder)[:1000] if isinstance(each, str)]
            remedy = close_to(key, keys) if isinstance(key, str) else ""
            has = ", ".join(repr(each) for each in list(holder)[:20] if isinstance(each, (str, int)))
            raise SourceError(f"There is no {key!r} in {so_far}", remedy or f"It has: {has}.") from None
        length = f"It holds {len(holder)}." if isinstance(holder, (list, tuple)) else ""
        raise SourceError(f"There is no [{key!r}] in {so_far}", length) from None
    except TypeError as error:
        raise SourceError(f"{so_far} cannot be subscripted with {key!r}: {error}") from None


_MISSING = object()


def _no_attribute(found: object, module: ModuleType, name: str, so_far: str) -> SourceError:
    with user_code(so_far):
        public = [each for each in dir(found) if not each.startswith("_")]
    networks = [each for each in public if _is_network(found, each, module.__name__)]
    offers = f"It has: {', '.join(networks[:20])}." if networks else ""
    return SourceError(f"There is no {name!r} in {so_far}", " ".join(filter(None, [close_to(name, public), offers])))


def _is_network(holder: object, name: str, home: str) -> bool:
    from torch import nn

    try:
        value = getattr(holder, name, None)
    except Exception:  # a property of the user's, such as LightningModule.trainer before there is one
        return False
    if isinstance(value, type):
        return issubclass(value, nn.Module) and value.__module__ == home
    return isinstance(value, nn.Module) or (inspect.isfunction(value) and value.__module__ == home)


def _no_name(name: str) -> SourceError:
    return SourceError(
        f"{name!r} names no object: only attributes and literal subscripts do",
        "Such as net, trainer.model, models[0] or nets['a'].head; at its end a call with literals, Net(64). "
        "For anything else write a function and name that.",
    )
