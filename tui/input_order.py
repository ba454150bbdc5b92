"""What is typed, clicked and pasted acts in its order, also when all of it arrives in one read.

Textual hands a key to the widget that has the focus when the key is read, and only when it has gone up from there to
the app does it act.  A key read meanwhile is handed to the same widget: behind the `o` that opens the catalogue it
would be a command of the tree.  So an input waits here until what the one before it did is done, screens that it
opened or closed included.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.css.query import NoMatches
from textual.errors import NoWidget
from textual.events import Event, InputEvent, Key, MouseEvent, MouseMove, MouseScrollDown, MouseScrollUp, Paste
from textual.message_pump import MessagePump
from textual.widgets import Input, TextArea

from tui.actions import ACTIONS

PATIENCE = 2.0
"""Seconds after which inputs go on whatever the one before them waits for."""
ROUNDS = 2
"""Times that all that lies between a widget and the app has done its work: the input's, and that of its messages."""
MORE_ROUNDS = 6
"""Rounds that follow while a widget has something to do, or the focus has gone elsewhere meanwhile."""
STAYING = {action.id for action in ACTIONS if action.place in ("list", "grid")} - {"jump"} | {
    "toggle",
    "inward",
    "outward",
}
"""Actions that leave the focus where it is."""
LEAVES = "ctrl+q"
"""The key that overtakes all others."""


class InputOrder:
    """Hands inputs to the app one after the other.

    Args:
        app: whose inputs they are.
        deliver: what the app does with an event.
    """

    def __init__(self, app: App[int], deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[Event] = deque()
        self._turn = 0
        """Counts the inputs that were waited for: what is late for an earlier one means nothing any more."""
        self._acting = False
        """Whether the last input is not done yet."""
        self._holds: set[object] = set()
        self._clock: asyncio.TimerHandle | None = None

    async def take(self, event: Event) -> None:
        """Deliver `event`, an input in its turn and anything else at once."""
        if not isinstance(event, InputEvent | Paste) or event.is_forwarded:
            await self._deliver(event)
        elif self._app._exit:  # the app ends, and takes its widgets away one by one
            self._waiting.clear()
        elif isinstance(event, Key) and event.key == LEAVES:
            self._waiting.clear()
            self._open()
            await self._deliver(event)
        elif self._acting or self._holds or self._waiting:
            if isinstance(event, MouseMove) and self._waiting and isinstance(self._waiting[-1], MouseMove):
                self._waiting.pop()
            self._waiting.append(event)
            if not self._acting and not self._holds:  # delivering one of them raised: the others are not to blame
                await self._go_on()
        else:
            await self._act(event)

    def hold(self) -> Callable[[], None]:
        """Let inputs wait, though not longer than the patience: the screen or pane that they are meant for is coming.

        Returns:
            What lets them go on, once it is there.
        """
        hold = object()
        self._holds.add(hold)
        clock = asyncio.get_running_loop().call_later(PATIENCE, self._release, hold)

        def release() -> None:
            clock.cancel()
            self._release(hold)

        return release

    def _release(self, hold: object) -> None:
        if hold in self._holds:
            self._holds.discard(hold)
            self._follow(self._goal())  # what has come is waited for as if an input had opened it

    # -- one input
    async def _act(self, event: Event) -> None:
        target = self._target(event)
        if isinstance(event, MouseEvent) and not (target is self._app or target.is_attached):
            return  # on what is just being removed, or while the app ends: Textual cannot place it
        follows = not self._acts_where_it_is(event, target)
        await self._deliver(event)
        if follows:
            self._follow(target)

    def _goal(self) -> MessagePump:
        """Where a key would go."""
        return self._app.focused or (self._app.screen if self._app.screen_stack else self._app)

    def _target(self, event: Event) -> MessagePump:
        if not isinstance(event, MouseEvent):
            return self._goal()
        try:
            return self._app.mouse_captured or self._app.get_widget_at(int(event.x), int(event.y))[0]
        except (NoWidget, NoMatches):
            return self._goal()

    def _acts_where_it_is(self, event: Event, target: MessagePump) -> bool:
        """Whether the input leaves focus and screen alone: a letter that is typed, the cursor or the mouse in motion.

        What comes behind it goes the same way, and need not wait.
        """
        if not isinstance(event, Key):
            return isinstance(event, MouseMove | MouseScrollDown | MouseScrollUp)
        if isinstance(target, Input | TextArea):
            return event.is_printable
        for _, bindings in self._app.screen._modal_binding_chain:
            if bound := bindings.key_to_bindings.get(event.key):
                return bound[0].action in STAYING
        return False

    # -- until it is done: a callback goes the way of the input, from queue to queue up to the app, behind it
    def _follow(self, start: MessagePump) -> None:
        self._turn += 1
        self._acting = True
        if self._clock is not None:
            self._clock.cancel()
        self._clock = asyncio.get_running_loop().call_later(PATIENCE, self._give_up, self._turn)
        self._send(self._turn, start, start, ROUNDS + MORE_ROUNDS)

    def _send(self, turn: int, node: MessagePump, start: MessagePump, rounds: int) -> None:
        """Go on behind what `node` has to do, or, when it is being removed, what its parent has."""
        while node is not self._app:
            above = node._parent or self._app
            if node.call_later(self._send, turn, above, start, rounds):
                return
            node = above
        self._app.call_later(self._arrived, turn, start, rounds)

    async def _arrived(self, turn: int, start: MessagePump, rounds: int) -> None:
        if turn != self._turn or not self._acting:
            return
        goal = self._goal()
        if rounds > MORE_ROUNDS + 1 or (rounds > 1 and (goal is not start or self._at_work())):
            self._send(turn, goal, goal, rounds - 1)
        else:
            self._open()
            await self._go_on()

    def _at_work(self) -> bool:
        """Whether a widget has messages to handle."""
        return any(not node._message_queue.empty() for node in self._app._registry if node is not self._app)

    def _give_up(self, turn: int) -> None:
        if turn == self._turn and self._acting:
            self._open()
            self._app.call_later(self._go_on)

    def _open(self) -> None:
        self._acting = False
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    async def _go_on(self) -> None:
        while self._waiting and not self._acting and not self._holds:
            await self._act(self._waiting.popleft())


def hold_input(app: App[object]) -> Callable[[], None]:
    """Let what is typed wait for the screen or pane that is about to come; call what is returned once it is there."""
    order = getattr(app, "input_order", None)
    return order.hold() if isinstance(order, InputOrder) else lambda: None
