"""What is typed, clicked and pasted acts in its order, also when all of it arrives in one read.

Textual hands a key to the widget that has the focus when the key is read, and only when it has gone up from there to
the app does it act.  A key read meanwhile is handed to the same widget: behind the `o` that opens the catalogue it
would be a command of the tree.  So an input waits here until what the one before it did is done, screens that it
opened or closed included.  A key also waits for what it is meant for: for a source that is being opened, for a pane
that has nothing to show yet, and for a panel that comes when a run is over.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from textual.app import App
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.events import (
    Callback,
    Event,
    InputEvent,
    Key,
    MouseEvent,
    MouseMove,
    MouseScrollDown,
    MouseScrollUp,
    Paste,
)
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.actions import ACTIONS, is_of_open
from tui.meant_keys import EDITS, key_of, meant

PATIENCE = 2.0
"""Seconds after which inputs go on whatever the one before them waits for."""
ROUNDS = 2
"""Times that all that lies between a widget and the app has done its work: the input's, and that of its messages."""
MORE_ROUNDS = 6
"""Rounds that follow while a widget has something to do, or the focus has gone elsewhere meanwhile."""
STAYING = {action.id for action in ACTIONS if action.place in ("list", "grid")} - {"jump", "heat", "edit"} | {
    "toggle",
    "inward",
    "outward",
}
"""Actions that leave the focus where it is."""
LOOK_AGAIN = 0.01
"""Seconds between two looks at whether a pane has something to show."""
TEXT_BEGINS = frozenset(("slash", "greater_than_sign", "colon", "F"))
"""Keys behind which a letter is text."""
LEAVES = "ctrl+q"
"""The key that overtakes all others."""


class InputOrder:
    """What hands inputs to the app one after the other.

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
        self._long: _LongHold | None = None
        """What keeps inputs without an end, until it is let go or given up."""
        self._clock: asyncio.TimerHandle | None = None
        self.opening: Callable[[], bool] = lambda: False
        """Returns whether keys for what is open are to wait for what is being opened."""
        self.on_kept: Callable[[int], None] = lambda count: None
        """Called with how many inputs wait for that."""
        self._kept: deque[Event] = deque()
        self.last = 0.0
        """When the last input came, by the monotonic clock."""
        self.interval = math.inf
        """Seconds between the last two keys; infinite where the mouse was used since."""
        self._last_key = -math.inf
        self.engine_works: Callable[[], bool] = lambda: False
        """Returns whether the engine computes, and answers late."""
        self._waited_for: Event | None = None
        """The key that a pane was waited for with: it acts, whatever is there by now."""

    async def take(self, event: Event) -> None:
        """Deliver `event`, an input in its turn and anything else at once."""
        if isinstance(event, InputEvent):
            self.last = monotonic()
            if isinstance(event, Key):
                self.interval, self._last_key = self.last - self._last_key, self.last
            else:  # what is clicked is meant by itself, however close the mouse's moves to it are
                self.interval = math.inf
        if not isinstance(event, InputEvent | Paste) or event.is_forwarded:
            await self._deliver(event)
        elif self._app._exit:  # the app ends, and takes its widgets away one by one
            self._waiting.clear()
        elif isinstance(event, Key) and (event.key == LEAVES or self._leads_out(event)):
            self._waiting.clear()
            self._open()
            await self._deliver(event)
        elif self._goes_by(event):
            if not _is_lost(event, self._target(event), self._app):
                await self._deliver(event)
        else:
            if isinstance(event, MouseMove) and self._waiting and isinstance(self._waiting[-1], MouseMove):
                self._waiting.pop()
            self._waiting.append(event)
            self._look_at_long()
            await self._go_on()

    # -- what waits for a source that is being opened
    def let_go(self) -> None:
        """Have what waited for a source act: it is open."""
        kept, self._kept = self._kept, deque()
        if kept:
            self.on_kept(0)
            self._waiting.extendleft(reversed(kept))
            self._follow(self._goal())

    def drop(self) -> int:
        """Forget what waited for a source, which is not open; return how many inputs that were."""
        count = len(self._kept)
        self._kept.clear()
        self.on_kept(0)
        return count

    def _keeps(self, event: Event, target: MessagePump) -> bool:
        """Whether an input waits for the source; all that follow one that does wait as well, but for the mouse."""
        if not isinstance(event, Key | Paste) or not self.opening():
            return False
        if not self._kept:
            if not isinstance(event, Key) or (isinstance(target, Input | TextArea) and not _is_chosen_in(target)):
                return False
            if not (bound := self._bound(event.key)) or not is_of_open(bound[1]):
                return False
        self._kept.append(event)
        self.on_kept(len(self._kept))
        return True

    def _leads_out(self, event: Key) -> bool:
        """Whether a key interrupts or quits although others wait for a source, which may never be open."""
        if not self._kept or not self.opening():
            return False
        texts = any(isinstance(kept, Key) and kept.key in TEXT_BEGINS for kept in self._kept)
        return event.key == "ctrl+c" or (event.key == "q" and not texts)

    def _bound(self, key: str) -> tuple[DOMNode, str] | None:
        """The node at which a key is bound now, the nearest to the focus, and its action there."""
        for node, bindings in self._app.screen._modal_binding_chain:
            if bound := bindings.key_to_bindings.get(key):
                return node, bound[0].action
        return None

    # -- what waits for a pane
    def _waits_for(self, event: Event, target: MessagePump) -> bool:
        """Whether a key waits until the pane that it is for has something to show; so do all inputs behind it."""
        if event is self._waited_for:
            self._waited_for = None
            return False
        if not isinstance(event, Key) or not isinstance(target, Widget) or isinstance(target, Input | TextArea):
            return False
        nodes = [node for node in target.ancestors_with_self if getattr(node, "awaits_content", False)]
        bound = self._bound(event.key) if nodes else None
        if bound is None or not any(node in bound[0].ancestors_with_self for node in nodes):
            return False
        self._waited_for = event
        self._waiting.appendleft(event)
        self._look_until_there(nodes, self.hold(), asyncio.get_running_loop().time() + PATIENCE)
        return True

    def _look_until_there(self, nodes: list[DOMNode], release: Callable[[], None], end: float) -> None:
        loop = asyncio.get_running_loop()
        awaited = any(node.is_attached and getattr(node, "awaits_content", False) for node in nodes)
        if awaited and loop.time() < end:
            loop.call_later(LOOK_AGAIN, self._look_until_there, nodes, release, end)
        else:
            release()

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

    def hold_long(self, on_given_up: Callable[[], None]) -> Callable[[bool], None]:
        """Let keys and pastes wait, however long it takes; Esc forgets those before it and calls `on_given_up`.

        Meanwhile the mouse and Ctrl+C act at once; so does a key for a screen that came meanwhile, which gives up too.

        Returns:
            What ends it: with True inputs go on, to what was shown before it was called; with False they are forgotten.
        """
        self._holds.discard(self._long)
        self._long = hold = _LongHold(on_given_up, self._app.screen_stack)
        self._holds.add(hold)
        for event in [each for each in self._waiting if self._goes_by(each)]:
            self._waiting.remove(event)
            self._app.call_later(self.take, event)
        self._look_at_long()
        return lambda goes_on: self._end_long(hold, goes_on)

    def _end_long(self, hold: _LongHold, goes_on: bool) -> None:
        if hold is self._long:
            self._long = None
            self.on_kept(0)
            if not goes_on:
                self._waiting.clear()
            self._release(hold)

    def _look_at_long(self) -> None:
        """Give up what keeps inputs where Esc is among them, else report how many there are."""
        if (hold := self._long) is None:
            return
        if self._app.screen not in hold.screens:  # a question, or what was clicked: the last input is for that
            last = self._waiting.pop()
            self._end_long(hold, False)
            self._waiting.append(last)
            hold.on_given_up()
            return
        for place, event in enumerate(self._waiting):
            if isinstance(event, Key) and (event.key == "escape" or (event.key in EDITS and event.character)):
                behind = list(self._waiting)[place + 1 :]
                then = [] if event.key == "escape" or not event.character else [key_of(event.character)]
                self._end_long(hold, False)
                self._waiting.extend([*then, *behind])
                hold.on_given_up()
                return
        self.on_kept(len(self._waiting))

    def _goes_by(self, event: Event) -> bool:
        """Whether an input acts although others wait without an end: the mouse and Ctrl+C."""
        return self._long is not None and (isinstance(event, MouseEvent) or getattr(event, "key", "") == "ctrl+c")

    def _release(self, hold: object) -> None:
        if hold in self._holds:
            self._holds.discard(hold)
            self._follow(self._goal())  # what has come is waited for as if an input had opened it

    # -- one input
    async def _act(self, event: Event) -> None:
        target = self._target(event)
        if _is_lost(event, target, self._app):
            return
        if isinstance(event, Key):
            key, then = meant(event, target)
            if key is not event:
                key.set_sender(self._app)
                event = key
            if then is not None:
                then.set_sender(self._app)
                self._waiting.appendleft(then)
        if self._keeps(event, target) or self._waits_for(event, target):
            return
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
        bound = self._bound(event.key)
        return bound is not None and bound[1] in STAYING

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
            if _call_behind(node, partial(self._send, turn, above, start, rounds)):
                return
            node = above
        _call_behind(self._app, partial(self._arrived, turn, start, rounds))

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


class _Call:
    """A call whose method takes nothing: Textual looks at the signature of each other callback, for a tenth of a ms."""

    def __init__(self, call: Callable[[], Coroutine[None, None, None] | None]) -> None:
        self._call = call

    async def go(self) -> None:
        if (result := self._call()) is not None:
            await result


def _call_behind(node: MessagePump, call: Callable[[], Coroutine[None, None, None] | None]) -> bool:
    """Have `node` call something behind what it has to do; return False where it takes nothing any more."""
    return node.post_message(Callback(callback=_Call(call).go))


@dataclass(frozen=True, eq=False)
class _LongHold:
    """What keeps inputs until it is let go."""

    on_given_up: Callable[[], None]
    screens: Sequence[Screen[Any]]
    """Those that there were when it began."""


def _is_lost(event: Event, target: MessagePump, app: App[int]) -> bool:
    """Whether the mouse is on what is just being removed, or while the app ends: Textual cannot place it."""
    return isinstance(event, MouseEvent) and not (target is app or target.is_attached)


def _is_chosen_in(field: Widget) -> bool:
    """Whether Enter was pressed in a field, and what it goes to is not known yet."""
    return any(getattr(node, "choosing", False) for node in field.ancestors)


def hold_long(app: App[object], on_given_up: Callable[[], None]) -> Callable[[bool], None]:
    """Let what is typed wait for a panel that comes when something is over (`InputOrder.hold_long`)."""
    order = getattr(app, "input_order", None)
    return order.hold_long(on_given_up) if isinstance(order, InputOrder) else lambda goes_on: None


def hold_input(app: App[object]) -> Callable[[], None]:
    """Let what is typed wait for the screen or pane that is about to come; call what is returned once it is there."""
    order = getattr(app, "input_order", None)
    return order.hold() if isinstance(order, InputOrder) else lambda: None
