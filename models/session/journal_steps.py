"""One step of a session as Python: whether it was undone, raised, or reads what another left in `_`."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from dataclasses import dataclass

from ..work.parsing import parse_python


@dataclass(slots=True)
class Step:
    """What was done."""

    number: int
    code: str
    failed: str = ""
    """What it raised, in a line."""
    had_effect: bool = False
    """Of what raised, whether it changed something before that."""
    undone_by: int = 0
    """The mark of the change with which it was undone; 0 where it was not."""
    has_value: bool = False
    """Whether it was an expression, whose value `_` is since."""
    snapshot: str = ""
    """The snapshot that it takes."""
    is_needed: bool = False
    """Whether that was gone back to."""

    def reads(self, name: str) -> bool:
        """Return whether it reads a name of the console."""
        return self._has(name, ast.Load)

    def binds(self, name: str) -> bool:
        """Return whether it binds a name of the console."""
        return self._has(name, ast.Store)

    def _has(self, name: str, kind: type[ast.expr_context]) -> bool:
        if name not in self.code:
            return False
        names = (node for node in ast.walk(_parsed(self.code)) if isinstance(node, ast.Name))
        return any(node.id == name and isinstance(node.ctx, kind) for node in names)

    def tried(self) -> Iterator[str]:
        """Yield Python that runs it as far as it goes."""
        yield "try:"
        yield f"    exec({self.code!r})"
        yield "except BaseException as error:"
        yield "    print(f'{type(error).__name__}: {error}')"


def with_last_value(code: str) -> str:
    """Return code whose last statement, where that is an expression, leaves its value in `_` as the console does."""
    body = getattr(_parsed(code), "body", [])
    if not body or not isinstance(body[-1], ast.Expr):
        return code
    lines = io.StringIO(code, newline="").readlines()  # the lines of the parser: a string may hold other breaks
    at = body[-1].lineno - 1
    line = lines[at].encode()
    lines[at] = (line[: body[-1].col_offset] + b"_ = " + line[body[-1].col_offset :]).decode()
    return "".join(lines)


def _parsed(code: str) -> ast.AST:
    try:
        return parse_python(code)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError):
        return ast.Module([], [])
