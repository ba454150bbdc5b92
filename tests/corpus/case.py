"""One file or folder of the corpus: how it is made, and what the program must make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MARKUP = "[red]bold[/red] [link=https://example.com]x[/link]"
ESCAPES = "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]52;c;aGFja2Vk\x07\x9b31m\x85\x7f"
BIDI = "abc\u202egnp.exe\u2066x\u2069\u200b\ufeff"
LINES = "one\ntwo\r\nthree\u2028four\tfive\x00six"
LONG = "n" * 10_000
DOTS = "." * 10_000
ONLY_DOTS = "..."
NAMES = {
    "markup": MARKUP,
    "escapes": ESCAPES,
    "bidi": BIDI,
    "lines": LINES,
    "long": LONG,
    "dots": DOTS,
    "only-dots": ONLY_DOTS,
    "empty": "",
    "wide": "层.权重.🙂",
}
"""Names that a file may hold to trouble who shows them; all of them must open."""

SENTINEL = "pwned"
"""A file that the code in hostile files would make beside the corpus: it must never be there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is refused with one line that names it and matches."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Opened:
    """It opens, and these tensors are in it, name to shape and dtype; or so many of them."""

    tensors: dict[str, tuple[list[int], str]] | None = None
    count: int | None = None
    warning: str = ""
    """A pattern that one of its warnings matches."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to open."""

    name: str
    """Its path below the corpus' folder."""
    make: Callable[[Path], object]
    """Writes it there; its parent folder exists."""
    expected: Refused | Opened
    opens: str = ""
    """What is opened where it is not the path itself: a glob, a file in the folder."""


def written(data: bytes) -> Callable[[Path], object]:
    """What writes these bytes."""
    return lambda path: path.write_bytes(data)


def folder_of(files: dict[str, bytes | Callable[[Path], object]]) -> Callable[[Path], object]:
    """What makes a folder of files, each from its bytes or by what writes it."""

    def make(path: Path) -> None:
        path.mkdir()
        for name, content in files.items():
            if callable(content):
                content(path / name)
            else:
                (path / name).write_bytes(content)

    return make
