"""The line on top: what is open, how large, where, in which mode, and what the engine is doing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from models.messages import Summary
from tui import numbers
from tui.numbers import elapsed
from tui.text import clean, fit, fit_path

PASSING = 4.0
"""Seconds that a message stays."""
NAME_ROOM = 10
"""Cells that the name of what is open keeps beside a long state."""
CUTTABLE = 24
"""Cells that a long name, or a long word for what it is, leaves itself before others are dropped."""
TICK = 0.25
"""Seconds between two looks at what the engine does."""
WORTH_A_WORD = 0.3
"""Seconds that a request is under way before it is shown: most take none."""


class StatusLine(Widget):
    """One line; what matters least is dropped first when it does not fit."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--name", "status--dim", "status--busy", "status--message", "status--gone",
    }  # fmt: skip
    DEFAULT_CSS = """
    StatusLine {
        dock: top; height: 1; background: $panel; color: $foreground;
        &> .status--name { text-style: bold; color: $accent; }
        &> .status--dim { color: $text-muted; }
        &> .status--busy { color: $warning; text-style: bold; }
        &> .status--message { color: $foreground; text-style: bold; }
        &> .status--gone { color: $error; text-style: bold; }
    }
    """

    summary: reactive[Summary | None] = reactive(None)
    source: reactive[str] = reactive("")
    """What is being opened, until there is a summary."""
    state: reactive[str] = reactive("starting the engine")
    """What the engine is doing; empty when it waits for us."""
    hint: reactive[str] = reactive("")
    """What a user can do about it, shown once it takes long."""
    background: reactive[str] = reactive("")
    """What the engine does beside all else."""
    comparing: reactive[str] = reactive("")
    """How far the reading of differences is."""
    looking: reactive[str] = reactive("")
    """How far the engine is that looks for findings."""
    found: reactive[str] = reactive("")
    """How many findings there are, and where; empty for none."""
    kept: reactive[int] = reactive(0)
    """Keys that wait for what is being opened, or for what `awaiting` shows."""
    awaiting: reactive[str] = reactive("")
    """The key whose panel comes when what runs is over; empty for none."""
    gone: reactive[bool] = reactive(False)
    """The engine's process has ended."""
    stale: reactive[str] = reactive("")
    """Which files of what is open changed on disk; empty for none."""
    message: reactive[str] = reactive("")
    """What is shown for some seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting_since: Callable[[], float | None] = lambda: None
        """Returns since when the engine owes a reply, by the monotonic clock; None where it owes none."""
        self._drawn = ("", "")

    def on_mount(self) -> None:
        self._since = monotonic()
        self._clock = self.set_interval(TICK, self._tick)
        self._passing: Timer | None = None

    def _tick(self) -> None:
        if self._right() != self._drawn:
            self.refresh()

    def watch_state(self, old: str, new: str) -> None:
        if not old:
            self._since = monotonic()

    def show_message(self, text: str) -> None:
        """Show `text` for `PASSING` seconds."""
        self.message = text
        if self._passing is not None:
            self._passing.stop()
        self._passing = self.set_timer(PASSING, self._drop_message)

    def show_kept(self, count: int) -> None:
        """Show that so many keys wait for what is being opened."""
        self.kept = count

    def _drop_message(self) -> None:
        self.message = ""

    def _right(self) -> tuple[str, str]:
        """Class and text of the right end."""
        state = clean(self.state, 120)
        if self.gone:
            return "status--gone", f"✗ {state}"
        if self.message:
            return "status--message", clean(self.message, 120)
        if state or self.awaiting:
            seconds = monotonic() - self._since
            long = f" {elapsed(seconds)}" if state and seconds >= 1 else ""
            kept, state = self._kept_text(), state or "running"
            return "status--busy", f"● {state}{long}{kept}" + (f" · {self.hint}" if self.hint and long else "")
        since = self.waiting_since()
        seconds = 0.0 if since is None else monotonic() - since
        beside = self.background or self.comparing or self.looking
        if beside or seconds > WORTH_A_WORD:
            long = f" {elapsed(seconds)}" if seconds >= 1 else ""
            return "status--busy", f"● {clean(beside, 60) or 'reading'}{long}"
        if self.stale:
            return "status--busy", f"● {clean(self.stale, 60)}: R opens anew"
        return "status--dim", "" if self.summary is None else f"● ready{self.found and f' · {self.found}'}"

    def _kept_text(self) -> str:
        """Return which keys wait for what runs."""
        keys = f"{self.kept} {'key' if self.kept == 1 else 'keys'}" if self.kept else ""
        if not self.awaiting:
            return f" · {keys} {'waits' if self.kept == 1 else 'wait'} for it" if keys else ""
        return f" · {f'{self.awaiting} and {keys} wait' if keys else f'{self.awaiting} waits'} for it, Esc gives up"

    def _parts(self) -> list[tuple[str, str]]:
        """Class and text of each part, the most important first."""
        summary = self.summary
        if summary is None:
            return [("status--name", clean(self.source) or "modulescope")]
        name = clean(summary.source, 200)
        parts = [
            ("status--name", f"net (was {name})" if summary.rebound else name),
            ("", clean(summary.class_name, 60)),
        ]
        parts.append(("", f"{numbers.count(summary.parameters)} parameter{'' if summary.parameters == 1 else 's'}"))
        if summary.trainable != summary.parameters and summary.kind != "checkpoint":
            parts.append(("", f"{numbers.count(summary.trainable)} trainable"))
        parts.append(("status--dim", numbers.size(summary.bytes)))
        for text in (summary.dtype, summary.device, summary.mode):
            if text:
                parts.append(("status--dim", clean(text, 40)))
        if words := summary.run_mode.words:
            parts.append(("", f"f: {', '.join(words)}"))
        return parts

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        state_class, state = self._drawn = self._right()
        right = fit(f" {state} ", min(cell_len(state) + 2, max(width - NAME_ROOM, 0)))
        room = width - cell_len(right)
        parts = self._parts()
        texts = fitted([text for _, text in parts], room)
        segments = [Segment(text, self._style(name)) for (name, _), text in zip(parts, texts, strict=False)]
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(room - used, 0), self.rich_style))
        segments.append(Segment(right, self._style(state_class)))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else self.rich_style


def fitted(texts: list[str], room: int) -> list[str]:
    """Return as many of the parts, the first ones, as fit into `room` cells, each with the gap before it.

    The first two, a name and what it is, may be long: they are cut so that the others have a place beside them.
    """
    wants = [cell_len(text) for text in texts]
    widths = [min(want, CUTTABLE) if index < 2 else want for index, want in enumerate(wants)]
    count = used = 0
    while count < len(widths) and used + len(_lead(count)) + widths[count] <= room:
        used += len(_lead(count)) + widths[count]
        count += 1
    if not count:  # not even a short name
        return [_lead(0) + fit_path(texts[0], room - 1)] if texts and room > 1 else []
    spare = room - used
    for index in range(min(count, 2)):
        more = min(wants[index] - widths[index], spare)
        widths[index] += more
        spare -= more
    cut = [fit_path, fit]
    shown = [
        cut[index](text, widths[index]).rstrip() if index < 2 else text for index, text in enumerate(texts[:count])
    ]
    return [_lead(index) + text for index, text in enumerate(shown)]


def _lead(index: int) -> str:
    """The gap before a part."""
    return "  " if index else " "
