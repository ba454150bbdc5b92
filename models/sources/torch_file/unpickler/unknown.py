"""What stands for a class or function of which nothing is known, and for whatever a file would have made with it.

Nothing is looked up, imported or called: the name, and what the file has for it, are kept to be shown.
"""

from __future__ import annotations

from typing import Any, TypeGuard


class UnknownName:
    """A class or function that a file names: `name` of `module`."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    @property
    def text(self) -> str:
        """Return it as `module.name`, without `builtins`; not cleaned."""
        return f"{self.module}.{self.name}" if self.module not in ("", "builtins") else self.name


class UnknownObject:
    """What a file would have made by a call: of which function or class, with what, and what it then puts into it."""

    __slots__ = ("arguments", "entries", "items", "maker", "named", "state")

    def __init__(self, maker: Any, arguments: tuple[Any, ...] = (), named: Any = None) -> None:
        self.maker = maker
        """An `UnknownName`, mostly; whatever the file calls."""
        self.arguments = arguments
        self.named = named
        """The arguments by keyword, as the file has them; None for none."""
        self.state: Any = None
        """What is hung on it: mostly its attributes, a dictionary."""
        self.items: list[Any] = []
        """What is appended, or added as to a set."""
        self.entries: dict[Any, Any] = {}
        """What is put into it by key."""

    def build(self, state: object) -> None:
        """Take what is hung on it; of a `functools.partial` that is its function and arguments."""
        if _is(self.maker, "functools.partial") and isinstance(state, tuple) and len(state) == 4:
            function, arguments, named, state = state
            if isinstance(arguments, tuple):
                self.arguments = (function, *arguments)
                self.named = named
        self.state = state


def made_by(function: Any, arguments: Any, named: Any = None) -> UnknownName | UnknownObject:
    """Return what stands for the result of a call; `arguments` are a tuple, or what would have become one.

    Where an object is made by one of Python's own ways of making one without calling its class, that is left out; and
    an attribute of a name is a name.
    """
    given = arguments if type(arguments) is tuple else (arguments,)
    if _is_partial(function) and not given and not named:
        function, given, named = function.arguments[0], function.arguments[1:], function.named
    if not given or not isinstance(given[0], UnknownName):
        return UnknownObject(function, given, named)
    made = given[0]
    if _makes_instances(function):
        return UnknownObject(made, given[1:], named)
    match function.text if isinstance(function, UnknownName) else "":
        case "getattr" if len(given) == 2 and isinstance(given[1], str):
            return UnknownName(made.module, f"{made.name[:200]}.{given[1][:200]}")
        case "copyreg._reconstructor":
            return UnknownObject(made)
        case "copyreg.__newobj__":
            return UnknownObject(made, given[1:])
        case "copyreg.__newobj_ex__" if len(given) == 3 and type(given[1]) is tuple:
            return UnknownObject(made, given[1], given[2])
    return UnknownObject(function, given, named)


def _makes_instances(function: object) -> bool:
    """Return whether it is the `__new__` of a class."""
    if isinstance(function, UnknownObject):
        return _is(function.maker, "getattr") and function.arguments[1:] == ("__new__",)
    return isinstance(function, UnknownName) and function.name.endswith(".__new__")


def _is_partial(value: object) -> TypeGuard[UnknownObject]:
    return isinstance(value, UnknownObject) and bool(value.arguments) and _is(value.maker, "functools.partial")


def _is(value: object, name: str) -> bool:
    return isinstance(value, UnknownName) and value.text == name
