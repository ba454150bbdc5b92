"""How every screen that lies over the explorer closes: itself, once, and whatever is still on its way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from textual.await_complete import AwaitComplete
from textual.events import Event, InputEvent, Mount, Paste, Resize
from textual.message import Message
from textual.screen import Screen, ScreenResultType

if TYPE_CHECKING:
    _Screen = Screen
else:
    # Textual takes styles from the first base that is a node, so that the mixin must be none.
    class _Screen(Generic[ScreenResultType]):
        pass


class ClosesItself(_Screen[ScreenResultType]):
    """Mixin of screens that close once, and themselves; named before the kind of screen.

    Textual's `dismiss` takes away whatever screen is on top.  A second Enter that was on its way when the first one
    closed the screen would take away the one beneath, down to an app without any.  And what Textual still delivers to
    a screen that is being removed, or was closed before it had its widgets, finds none there, or goes up to the app
    and acts on the screen beneath.  The same holds for every screen when the app ends.
    """

    closed = False
    """Whether it was dismissed."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close this screen with `result`; does nothing once it is closed, or while another one lies over it."""
        if not self.is_active:
            nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
            return nothing
        self.closed = True
        return super().dismiss(result)

    async def _on_message(self, message: Message) -> None:
        gone = self.closed or not self.is_attached or self._closing or self._pruning
        if not (gone and _comes_too_late(message)):
            await super()._on_message(message)


def _comes_too_late(message: Message) -> bool:
    """Whether a screen that is closed has no use for `message`: all but what Textual needs to remove it."""
    if isinstance(message, Event):
        return isinstance(message, InputEvent | Mount | Paste | Resize)
    return type(message).__module__ != "textual.messages"
