"""Completions for the console: names, attributes, keys, keyword arguments.

What lives in the namespace is completed from the live objects (see `live`); imports and what only source code
shows go to jedi, which sees no instance of the user's classes, since it would call their `__getattr__`.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType

from torch import nn

from ...live.gradient_access import GRADIENTS
from ...messages import CompletionItem, Completions
from . import live
from .typed import call_before, expression_before, name_at, tokens

LIMIT = 50
"""Names that are offered."""
LONGEST = 20_000
"""Characters before the cursor that are looked at."""

_GETTERS = {"get_parameter": ("parameter",), "get_submodule": ("module",), "get_buffer": ("buffer", "unsaved")}
_JEDI_SEES = (ModuleType, type, FunctionType, BuiltinFunctionType)


def complete(text: str, cursor: int, namespace: Mapping[str, object]) -> Completions:
    """Return what could stand before `cursor` in `text`, at most `LIMIT` names; the cursor counts characters.

    Runs no code of the user's and never raises an Exception.
    """
    cursor = min(max(cursor, 0), len(text))
    before = text[max(cursor - LONGEST, 0) : cursor]
    try:
        start, items = _completions(before, namespace)
    except Exception:  # whatever objects are in there, the console must go on
        start, items = len(before), []
    return Completions(start=cursor - len(before) + start, items=items)


def _completions(before: str, namespace: Mapping[str, object]) -> tuple[int, list[CompletionItem]]:
    kind, at, content = deque([("", 0, 0), *tokens(before)], maxlen=1)[0]
    if kind == "open":
        return content, list(islice(_keys(before[:at].rstrip(), before[content:], namespace), LIMIT))
    if kind == "comment":
        return len(before), []
    start = len(before)
    while start and (before[start - 1].isalnum() or before[start - 1] == "_"):
        start -= 1
    prefix = before[start:]
    if prefix[:1].isdigit():
        return len(before), []
    line = before[before.rfind("\n") + 1 :].lstrip()
    if line.startswith(("import ", "from ")):
        return start, _from_jedi(before, prefix, namespace)
    if before[:start].rstrip().endswith("."):
        expression = expression_before(before[:start].rstrip()[:-1])
        if not expression:
            return start, []
        try:
            owner = live.evaluate(expression, namespace)
        except live.UnknownValue:
            return start, _from_source(before, prefix, namespace)
        return start, _attributes(owner, prefix)
    return start, _names(before, start, prefix, namespace)


def _ranked(names: Iterable[str], prefix: str) -> list[str]:
    """Return names that start with `prefix` (without regard to case when none does otherwise), private ones last."""
    names = list(dict.fromkeys(names))
    chosen = [name for name in names if name.startswith(prefix)]
    if not chosen:
        chosen = [name for name in names if name.lower().startswith(prefix.lower())]
    return sorted(chosen, key=lambda name: 2 if name.startswith("__") else 1 if name.startswith("_") else 0)[:LIMIT]


def _attributes(owner: object, prefix: str) -> list[CompletionItem]:
    items = []
    for name in _ranked(live.names_of(owner), prefix):
        try:
            kind = live.completion_kind(live.static_attribute(owner, name))
        except live.UnknownValue:
            kind = live.completion_kind(inspect.getattr_static(owner, name, None))
        items.append(CompletionItem(text=name, kind=kind))
    return items


def _names(before: str, start: int, prefix: str, namespace: Mapping[str, object]) -> list[CompletionItem]:
    """Return keyword arguments of the call around the cursor, names of the text and namespace, builtins, keywords."""
    arguments = _parameters(call_before(before[:start]), namespace)
    if not prefix and not arguments:
        own = [name for name in namespace if isinstance(name, str) and name.isidentifier() and name[0] != "_"]
        found = own[:LIMIT] if not before.strip() else []
        return [CompletionItem(text=name, kind=live.completion_kind(namespace[name])) for name in found]
    # names that the text itself introduces: parameters, variables of a block
    words = {name_at(before, at): None for kind, at, _ in tokens(before[:start]) if kind == "name"}
    local = [word for word in words if word not in namespace and not hasattr(builtins, word)]
    known = [name for name in namespace if isinstance(name, str) and name.isidentifier()]
    names = (
        _ranked([*arguments, *local, *known, *dir(builtins), *keyword.kwlist], prefix) if prefix else arguments[:LIMIT]
    )
    items = []
    for name in names:
        if name.endswith("="):
            kind = "argument"
        elif name in namespace:
            kind = live.completion_kind(namespace[name])
        elif keyword.iskeyword(name):
            kind = "keyword"
        else:
            kind = live.completion_kind(vars(builtins)[name]) if name in vars(builtins) else ""
        items.append(CompletionItem(text=name, kind=kind))
    return items


def _parameters(expression: str, namespace: Mapping[str, object]) -> list[str]:
    try:
        called = live.evaluate(expression, namespace)
    except live.UnknownValue:
        return []
    if isinstance(called, type):
        called = inspect.getattr_static(called, "__init__", None)
    if not isinstance(called, FunctionType):
        return []
    parameters = inspect.signature(called, follow_wrapped=False).parameters.values()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [f"{one.name}=" for one in parameters if one.kind in named and one.name != "self"]


def _keys(head: str, prefix: str, namespace: Mapping[str, object]) -> Iterator[CompletionItem]:
    """Yield keys for the string that opens after `head`: of a mapping in brackets, or of `get_parameter(` and such."""
    found: Iterable[tuple[object, object, str]]
    if head.endswith("["):
        owner = live.evaluate(expression_before(head[:-1]), namespace)
        if isinstance(owner, nn.Module):
            owner = live.registered(owner)
        found = ((key, value, "") for key, value in dict.items(owner)) if isinstance(owner, dict) else ()
    else:
        called = re.search(r"\.\s*(get_parameter|get_submodule|get_buffer)\s*\($", head[-100:])
        if not called:
            return
        owner = live.evaluate(expression_before(head[: len(head) - len(called.group())]), namespace)
        if not isinstance(owner, nn.Module):
            return
        kinds = _GETTERS[called.group(1)]
        found = (part for part in live.registered_below(owner) if part[2] in kinds)
    for key, value, kind in found:
        # a quote or an escape in a key would have to be written differently from how it reads
        if isinstance(key, str) and key.startswith(prefix) and key.isprintable() and not {"'", '"', "\\"} & set(key):
            kind = "buffer" if kind == "unsaved" else kind
            yield CompletionItem(text=key, kind=kind or live.completion_kind(value))


def _from_source(before: str, prefix: str, namespace: Mapping[str, object]) -> list[CompletionItem]:
    """Return what jedi finds; nothing while code runs elsewhere: it reads attributes such as a tensor's `.grad`."""
    return [] if GRADIENTS.runs_elsewhere() else _from_jedi(before, prefix, namespace)


def _from_jedi(before: str, prefix: str, namespace: Mapping[str, object]) -> list[CompletionItem]:
    """Return what source code shows; nothing when jedi is not there or fails, which it does on much unfinished code."""
    try:
        import jedi
    except ImportError:
        return []
    jedi.settings.allow_unsafe_interpreter_executions = False
    seen = {name: value for name, value in namespace.items() if isinstance(value, _JEDI_SEES)}
    found = jedi.Interpreter(before, [seen]).complete()
    names = _ranked((one.name for one in found), prefix)
    return [CompletionItem(text=name, kind="") for name in names]
