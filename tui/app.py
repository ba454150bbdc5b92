"""The app: one engine link, one explorer screen, themes, and the actions that work everywhere.

State flows one way: the engine's messages arrive here, go to the explorer, and from there to the widgets.
"""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.events import Event, Key
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.types import CSSPathType

from tui.actions import bindings
from tui.command_line import CommandOptions
from tui.ending import ENDING
from tui.first_frame import FirstFrame
from tui.guarded_app import GuardedApp
from tui.input_order import InputOrder
from tui.settings import Settings
from tui.themes import THEMES, next_theme, theme_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

    from tui.engine_link import EngineEnded, EngineEvent, EngineLink, EngineWords, Starter
    from tui.faults import Fault
    from tui.first_opening import FirstOpening
    from tui.screens.explorer import Explorer


def _provider() -> type[Provider]:
    from tui.palette import ActionProvider

    return ActionProvider


AT_ONCE = frozenset(("ctrl+q", "ctrl+c"))
"""Keys that leave or interrupt, whatever stands."""


KEPT_SECONDS = 2.0
"""Seconds that keys wait for the explorer to take over, once it stands."""


class ModulescopeApp(GuardedApp, inherit_bindings=False):
    """The app: an empty frame, then the explorer; the catalogue lies over it when there is no SOURCE.

    What the first frame does not show is imported after it was painted.

    Args:
        options: what the command line said.
        launch: how engines are started.
        settings: what is remembered between starts.
    """

    TITLE = "modulescope"
    CSS_PATH: ClassVar[CSSPathType | None] = None
    CSS = """
    ToastRack { dock: top; align: right top; margin: 2 0 0 0; scrollbar-size: 0 0; }
    Toast { width: auto; min-width: 20; max-width: 60; padding: 0 1; margin: 0 0 1 0; }
    """
    # With priority, for keys of the app are dead where a modal screen lies over it.
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app"), Binding("ctrl+q", "quit", "quit", priority=True)]
    COMMANDS = {_provider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, options: CommandOptions, launch: Starter, settings: Settings | None = None) -> None:
        super().__init__()
        self.options = options
        self.settings = settings or Settings()
        self.launch = launch
        self._first: FirstOpening | None = None
        self._early: list[Callable[[Explorer], None]] | None = []
        """What the engine sent before there was an explorer."""
        self._typed: list[Key] | None = []
        """What a user typed before."""
        self.input_order = InputOrder(self, super().on_event)

    @cached_property
    def link(self) -> EngineLink:
        """Return the way to the engine."""
        from tui.engine_link import EngineLink

        return EngineLink(self.launch, self.post_message)

    @cached_property
    def explorer(self) -> Explorer:
        """Return the main screen."""
        from tui.screens.explorer import Explorer

        return Explorer(self.link, self.options, self.settings)

    def get_default_screen(self) -> Screen[object]:
        return FirstFrame(self.options.source or "")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is drawn through: with `NO_COLOR` and the terminal's own theme no colour at all.

        Textual chooses between that and greys before there is a theme, and the greys of a terminal's own colours are
        black on black.
        """
        found = super().get_line_filters()
        return [NoColor() if isinstance(each, Monochrome) and self.native_ansi_color else each for each in found]

    def get_system_commands(self, screen: Screen[object]) -> list[SystemCommand]:
        """Return none of Textual's own commands: every one is an action of ours."""
        return []

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action as Textual does, and let a guided tour know; return whether it was handled."""
        found = await super().run_action(action, default_namespace, namespaces)
        if found and self._early is None and self.explorer.tour is not None:
            self.explorer.observe("action", action if isinstance(action, str) else action[1])
        return found

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_for(os.environ, self.settings.theme)
        self.screen.call_after_refresh(self.run_worker, self._go_on, exit_on_error=True)

    async def _go_on(self) -> None:
        from tui.starting import needs_torch

        frame = self.screen
        if self.options.source is not None and isinstance(frame, FirstFrame) and not needs_torch(self.options):
            from tui.first_opening import FirstOpening, comparison_request, opening_request

            request = opening_request(self.options, self.options.source, frame.tree_height)
            comparison = comparison_request(self.options, frame.tree_height)
            self._first = FirstOpening(self.link, request, comparison)
            await frame.show_tree(self._first)
        self.explorer.first = self._first
        self.push_screen(self.explorer)
        # What stands by now stays: a collection that walks it again and again delays a key by tens of milliseconds.
        self.set_timer(1.0, gc.freeze)

    def on_opening_begun(self) -> None:
        """Give the explorer, which stands now, what came before it."""
        early, self._early = self._early, None
        for call in early or ():
            call(self.explorer)
        self._type_again()

    @work
    async def _type_again(self) -> None:
        """Do what was typed before the explorer stood."""
        if self._first is not None and self._first.shown is not None:  # which the explorer takes over in a moment
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.explorer.taken_over(), KEPT_SECONDS)
        typed, self._typed = self._typed, None
        for event in typed or ():
            self.post_message(event)

    async def on_event(self, event: Event) -> None:
        """Keep keys that come before the explorer stands for it; take any other event in its turn."""
        kept = self._typed
        if kept is None or not isinstance(event, Key) or event.key in AT_ONCE or (event.key == "q" and not kept):
            await self.input_order.take(event)
        else:  # a q too, behind other keys: it may be of what is searched for
            kept.append(event)

    def _with_explorer(self, call: Callable[[Explorer], None]) -> None:
        if self._early is not None:
            self._early.append(call)
        elif self.explorer.is_attached:
            call(self.explorer)

    def _print_error_renderables(self) -> None:
        if ENDING.status is not None:  # what breaks while everything is taken down is nobody's concern
            self._exit_renderables.clear()
        super()._print_error_renderables()

    async def on_unmount(self) -> None:
        if self._first is not None:
            self._first.cancel()
        await self.link.close()

    # -- what the engine sends; while the app ends there is nobody any more to take it in
    def on_engine_event(self, message: EngineEvent) -> None:
        self._with_explorer(lambda explorer: explorer.take_event(message.body))

    def on_engine_words(self, message: EngineWords) -> None:
        self._with_explorer(lambda explorer: explorer.take_words(message.text))

    def on_engine_ended(self, message: EngineEnded) -> None:
        self._with_explorer(lambda explorer: explorer.engine_ended(message.gone))

    def report_fault(self, fault: Fault, place: str, times: int) -> bool:
        """Show a fault in the explorer; return False where there is no explorer yet."""
        if self._early is not None or not self.explorer.is_attached:
            return False
        self.explorer.show_fault(fault, place, times)
        return True

    # -- actions that work everywhere
    def action_palette(self) -> None:
        """Open the command palette."""
        self.action_command_palette()

    def action_command_palette(self) -> None:
        """Open the command palette, by the name that Textual has for it."""
        from tui.screens.command_palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_help(self) -> None:
        """Show every key, those of the pane with the focus first, and what the marks mean."""
        from tui.screens.help import HelpScreen
        from tui.widgets.lists.flags import FLAGS

        if not isinstance(self.screen, HelpScreen):
            marks = [(flag.glyph, f"{flag.name}: {flag.meaning}") for flag in FLAGS]
            self.push_screen(HelpScreen(marks, type(self.focused).__name__))

    def action_next_theme(self) -> None:
        """Change to the next theme, and remember it."""
        self.theme = self.settings.theme = next_theme(self.theme)
        if self._stands:
            self.explorer.status_message(f"theme {self.theme}")

    @property
    def _stands(self) -> bool:
        """Whether the explorer has its widgets: not yet at the first frame, and no more while the app ends."""
        return self.explorer.is_mounted and self.explorer.is_attached

    def action_interrupt(self) -> None:
        """Interrupt what runs, as `Running.interrupt` does."""
        if self._stands:
            self.explorer.interrupt()

    def action_restart(self) -> None:
        """Open again what was open, in a new engine where the present one cannot."""
        if self._stands:
            self.explorer.restart()

    def action_new_engine(self) -> None:
        """Start a new engine, which opens again what was open, also where the present one could."""
        if self._stands:
            self.explorer.new_engine()

    def action_suspend_job(self) -> None:
        """Stop and give the terminal to the shell, where there is one."""
        stop = getattr(self._driver, "suspend_job", None)
        if stop is None or not stop():
            self._with_explorer(lambda explorer: explorer.status_message("there is no shell to return to: q quits"))

    async def action_quit(self) -> None:
        """Leave the program."""
        ENDING.quit_soon()
        self.exit(0)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy `text` the way that `y` does: what a selection with the mouse, and ctrl+x in the prompt, copy with."""
        from tui.clipboard import copy

        self.run_worker(copy(self, text), group="copy", exit_on_error=False)
