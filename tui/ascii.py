"""Drawing for a terminal that shows ASCII and nothing else: each character by one of the same width.

The only place that knows of it: everything is drawn as ever, and replaced on its way to the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import get_character_cell_size

NOTE = (
    "this terminal's locale says that it shows ASCII only ({}): lines and marks are drawn with ASCII characters; "
    "with LANG=C.UTF-8 they are drawn as they are meant"
)
"""To be said once; with what said so."""

REPLACEMENTS = {
    "─━┄┅┈┉╌╍═╴╶╸╺╼╾–—▔": "-",
    "│┃┆┇┊┋╎╏║╵╷╹╻╽╿▌▍▎▏▐▕": "|",
    "╱": "/",
    "╲": "\\",
    "╳✗✘×": "x",
    "▁": "_",
    "▂▃░·…": ".",
    "▄▒": ":",
    "▅": "=",
    "▆±": "+",
    "▇●◆•": "*",
    "▀█▉▊▋▓■": "#",
    "▖▗▘▙▚▛▜▝▞▟": "#",
    "◌○◇□◧◫": "o",
    "←◀◂‹≤": "<",
    "→▶▸›≥": ">",
    "↑▲▴⇧": "^",
    "↓▼▾": "v",
    "⇄≈": "~",
    "≡≣": "&",
    "√✓": "V",
    "∅": "0",
    "µ": "u",
    "“”": '"',
    "‘’": "'",
    "\u2800\u00a0": " ",
}
"""What stands for what; other box-drawing characters are corners and crossings."""


class _Table(dict[int, str]):
    """For `str.translate`: the rest is found when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if code < 0x80:
            found = character
        elif 0x2500 <= code < 0x2580:
            found = "+"
        elif 0x2800 <= code < 0x2900:  # braille: what turns while something runs
            found = "-/|\\"[code % 4]
        else:
            found = "?" * get_character_cell_size(character)
        self[code] = found
        return found


_TABLE = _Table({ord(character): plain for characters, plain in REPLACEMENTS.items() for character in characters})


def drawn(text: str) -> str:
    """Return the text in ASCII, as many cells wide."""
    return text if text.isascii() else text.translate(_TABLE)


def ascii_only(environment: Mapping[str, str]) -> str:
    """Return what says that this terminal shows ASCII only, such as `LANG=C`; empty where nothing does.

    Without any locale nothing does: that is so in most containers, whose terminals show everything.
    """
    encoding = environment.get("PYTHONIOENCODING", "").partition(":")[0]
    if encoding:
        return "" if _is_unicode(encoding) else f"PYTHONIOENCODING={encoding}"
    if environment.get("PYTHONUTF8") == "1":
        return ""
    names = ["LC_ALL", "LC_CTYPE", "LANG"]
    # Python itself sets this where it finds the locale C, so that its own files are not ASCII.
    if environment.get("LANG") in ("C", "POSIX") and environment.get("LC_CTYPE") == "C.UTF-8":
        names.remove("LC_CTYPE")
    name = next((name for name in names if environment.get(name)), None)
    if name is None or _is_unicode(environment[name]):
        return ""
    return f"{name}={environment[name]}"


def _is_unicode(name: str) -> bool:
    return "utf" in name.lower()
