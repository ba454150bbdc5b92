"""What was typed or pasted, as Python: is it complete, how is the next line indented, what of a paste is code."""

from __future__ import annotations

import ast
import codeop
import re
import textwrap
import warnings

from tui.text import clean_lines

INDENT = 4
PASTE_LIMIT = 200_000
"""Characters of code; more belongs into a file."""
LINE_LIMIT = 5_000
LONGEST_LINE = 10_000
"""Of the prompt: with more, every key would be felt."""

_LEAVES_BLOCK = re.compile(r"\s*(?:return|pass|break|continue|raise)\b")
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def enter_runs(text: str, pasted: bool = False) -> bool:
    """Return whether Enter runs `text` (at once, for code that was pasted whole) or continues it on a new line.

    Code with a syntax error is complete: running it shows the error.
    """
    lines = text.split("\n")
    ended = pasted or (len(lines) > 1 and not lines[-1].strip())
    source = text.rstrip() + "\n" if ended else text
    symbol = "exec" if len(lines) > 1 else "single"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape sequence; whoever runs it warns
            if codeop.compile_command(source, symbol=symbol) is None:
                return False
            # In a text of several lines a block ends where Python's prompt would end it: at an empty line.
            return ended or symbol == "single" or not hasattr(ast.parse(source).body[-1], "body")
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return True


def too_much(text: str) -> str:
    """Return why `text` cannot be edited in the prompt; empty when it can."""
    if len(text) > PASTE_LIMIT:
        return f"{len(text):,} characters"
    lines = text.split("\n")
    if len(lines) > LINE_LIMIT:
        return f"{len(lines):,} lines"
    longest = max(map(len, lines))
    return f"a line of {longest:,} characters" if longest > LONGEST_LINE else ""


def next_indent(line: str) -> str:
    """Return the spaces that a line after `line` starts with."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    if line.split("#", 1)[0].rstrip().endswith(":"):
        return indent + " " * INDENT
    if _LEAVES_BLOCK.match(line):
        return indent[:-INDENT]
    return indent


def pasted_code(text: str) -> str:
    """Return the code of a paste: without colours, prompts (`>>> `) with their output, and common indentation."""
    lines = clean_lines(_ESCAPES.sub("", text), PASTE_LIMIT)
    while lines and not lines[0].strip():
        del lines[0]
    if lines and lines[0].lstrip().startswith(">>>"):
        prompted = [line.lstrip() for line in lines if line.lstrip().startswith((">>>", "..."))]
        lines = [line[4:] if line[3:4] == " " else line[3:] for line in prompted]
    return textwrap.dedent("\n".join(lines)) if len(lines) > 1 else "\n".join(lines)
