"""What a tour is, and how one is read from its file.

A file that breaks a rule is refused with the place in it; `docs/tours.md` is the page for those who write one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tui.language import Language
from tui.tours.conditions import Condition, read_condition

FOLDER = Path(__file__).parent / "data"
"""The tours that come along."""
LARGEST = 1_000_000
"""Bytes of a file of a tour."""
ENDING = ".toml"


class TourError(Exception):
    """A file that is no tour; the message is one line that says what is wrong and where."""


class Words(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A text in both languages; one that is missing is shown in the other."""

    en: str = ""
    zh: str = ""

    def __post_init__(self) -> None:
        if not (self.en or self.zh):
            raise ValueError("a text needs `en` or `zh`")

    def of(self, language: Language) -> str:
        """Return the text in a language, or in the other where it has none."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class TourStep(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One step: what to do, what to look at, and how it is known to be done."""

    do: Words
    """What to press or to type."""
    look: Words | None = None
    """What to look at, or a question; shown with `do`."""
    answer: Words | None = None
    """What was to be seen; shown once the step is done."""
    play: tuple[str, ...] = ()
    """What does it, for trying a tour out: keys as they are written, a longer text is typed."""
    done: tuple[str, ...] = ()
    """Conditions (see `conditions`), all of which have to hold; none: the user goes on by the key."""

    def conditions(self) -> list[Condition]:
        """Return the conditions, read; raises ValueError for one that is none."""
        return [read_condition(text) for text in self.done]

    def __post_init__(self) -> None:
        self.conditions()


class Tour(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A tour of one network."""

    source: str
    """What it is a tour of, as the command line names it."""
    title: Words
    steps: tuple[TourStep, ...] = msgspec.field(name="step")
    """In their order; one at least."""
    section: str = ""
    """Of the document, as the list shows it."""
    name: str = ""
    """The file's name without a number before it and its ending; no part of the file."""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a tour needs a [[step]]")


def read_tour(path: Path) -> Tour:
    """Read a tour from its file.

    Raises:
        TourError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise TourError(f"{path}: {error.strerror or error}") from None
    if len(raw) > LARGEST:
        raise TourError(f"{path}: too large for a tour, over {LARGEST:,} bytes")
    try:
        tour = msgspec.toml.decode(raw, type=Tour)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise TourError(f"{path}: {_wording(error)}") from None
    return msgspec.structs.replace(tour, name=re.sub(r"^\d+-", "", path.stem))


def own_tours() -> Sequence[Tour]:
    """Return the tours that come along, in the order of the document's sections."""
    return [read_tour(path) for path in sorted(FOLDER.glob(f"*{ENDING}"))]


def tour_named(text: str) -> Tour:
    """Return the tour of a name, or in a file.

    Raises:
        TourError: there is none; the message says which there are.
    """
    own = own_tours()
    found = next((tour for tour in own if tour.name == text), None)
    if found is not None:
        return found
    path = Path(text)
    if path.suffix or path.exists():
        return read_tour(path)
    raise TourError(f"{text!r} is no tour: there are {', '.join(tour.name for tour in own)}, or FILE.toml")


def _wording(error: Exception) -> str:
    """Return in one line what is wrong with a file and where: msgspec writes `$.step[1].do` for what is in a step."""
    text = " ".join(str(error).split())
    return text.replace("`$.step[...]`", "a step").replace("`$", "`tour").rstrip(".")
