"""Arranging the panes: which tab is seen, which pane has the focus, how large each is, on small terminals too."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.input_order import hold_input
from tui.proportions import LEFT, LOW, LOWER, NARROW, left_width, lower_height
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.bar import Bar
from tui.widgets.prompt import Prompt
from tui.widgets.search_box import SearchBox
from tui.widgets.splitter import Splitter
from tui.widgets.table_bar import FilterInput

TABS = ("values", "gradients", "info", "source")
BELOW = ("console", "calls")
AREAS = ("left", "right", "lower")


class Arranging(ExplorerBase):
    """Part of the explorer."""

    left_share = LEFT
    lower_share = LOWER

    # -- tabs --------------------------------------------------------------------------------------------------------
    def action_show_tab(self, number: int) -> None:
        self.show_tab(TABS[number - 1])

    def show_tab(self, name: str, focus: bool = True) -> None:
        """Bring one of the four tabs on the right to the front."""
        self.query_one("#panes", ContentSwitcher).current = name
        self.query_one("#right-bar", Bar).active = TABS.index(name)
        if focus:
            self.focus_area("right")

    def action_show_below(self, number: int) -> None:
        self.show_below(BELOW[number - 1])
        self.focus_area("lower")

    def show_below(self, name: str) -> None:
        """Bring the console or the calls to the front."""
        self.query_one("#lower-panes", ContentSwitcher).current = name
        self.query_one("#lower-bar", Bar).active = BELOW.index(name)

    def action_go_console(self) -> None:
        self.show_below("console")
        self.focus_area("lower", to=self.query_one(Prompt))

    def action_go_back(self) -> None:
        self._zoom(None)
        self.remove_class("-at-right", "-at-lower")
        for box in self.query(SearchBox):  # which lies over the tree, and was left with the mouse or with Tab
            box.action_close()
        self.set_focus(self.module_tree)

    @on(Bar.Picked)
    def _picked(self, message: Bar.Picked) -> None:
        if message.bar.id == "right-bar":
            self.action_show_tab(message.index + 1)
        elif message.bar.id == "lower-bar":
            self.action_show_below(message.index + 1)
        else:
            self.set_focus(self.module_tree)

    # -- focus -------------------------------------------------------------------------------------------------------
    def focus_area(self, area: str, to: Widget | None = None) -> None:
        """Give the focus to `to`, or to the first widget of an area that takes it, the prompt first; a zoom goes along.

        At once where the area is seen: the letters typed right behind the key must not go to the pane that was left.
        """
        if self._zoomed not in (None, area):
            self._zoom(area)
        self.set_class(area == "right", "-at-right")
        self.set_class(area == "lower", "-at-lower")
        self._focus_within(area, to)
        if self._area_of(self.focused) != area:
            self.call_after_refresh(self._focus_later, area, to, hold_input(self.app))

    def _focus_later(self, area: str, to: Widget | None, release: Callable[[], None]) -> None:
        self._focus_within(area, to)
        release()

    def _focus_within(self, area: str, to: Widget | None) -> None:
        if to is not None and to in self.focus_chain:
            self.set_focus(to)
        takers = [
            widget
            for widget in self.focus_chain
            if self._area_of(widget) == area and not isinstance(widget, FilterInput)  # which is typed into on demand
        ]
        if self.focused in takers:  # in the area, and not in a tab that was left
            return
        wanted = next((widget for widget in takers if isinstance(widget, Prompt)), takers[0] if takers else None)
        if wanted is not None:
            self.set_focus(wanted)

    def _area_of(self, widget: Widget | None) -> str | None:
        if widget is None:
            return None
        return next((node.id for node in widget.ancestors_with_self if node.id in AREAS), None)

    def watch_focus(self) -> None:
        """From now on, the bar over the pane with the focus is bright."""
        self.watch(self, "focused", self._light_bars)

    def _light_bars(self, focused: Widget | None) -> None:
        area = self._area_of(focused)
        for name in AREAS:
            self.query_one(f"#{name}-bar", Bar).set_class(name == area, "-focused")

    def action_focus_next(self) -> None:
        self._cycle(1)

    def action_focus_previous(self) -> None:
        self._cycle(-1)

    def _cycle(self, step: int) -> None:
        here = self._area_of(self.focused)
        order = list(AREAS)
        index = order.index(here) if here in order else -step
        self.focus_area(order[(index + step) % len(order)])

    # -- sizes -------------------------------------------------------------------------------------------------------
    def action_wider(self, columns: int) -> None:
        self._share_columns(self.query_one("#left").size.width + columns)

    def action_higher(self, rows: int) -> None:
        self._share_rows(self.query_one("#lower").size.height + rows)

    @on(Splitter.Dragged)
    def _dragged(self, message: Splitter.Dragged) -> None:
        self._share_columns(message.column)

    @on(Bar.Dragged)
    def _bar_dragged(self, message: Bar.Dragged) -> None:
        if message.bar.id == "lower-bar":
            self._share_rows(self.size.height - 1 - message.row)

    def _share_columns(self, columns: int) -> None:
        width = max(self.size.width, 1)
        self.left_share = max(16, min(columns, width - 20)) / width
        self._arrange()

    def _share_rows(self, rows: int) -> None:
        height = max(self.size.height, 1)
        self.lower_share = max(3, min(rows, height - 8)) / height
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size or self.app.size  # before the first layout it has no size of its own
        self.set_class(width < NARROW, "-narrow")
        self.set_class(height < LOW, "-low")
        self.query_one("#left").styles.width = left_width(width, self.left_share)
        self.query_one("#lower").styles.height = lower_height(height, self.lower_share)

    def action_zoom(self) -> None:
        self._zoom(self._area_of(self.focused) if self._zoomed is None else None)

    @property
    def _zoomed(self) -> str | None:
        """The area that has the whole screen."""
        return next((area for area in AREAS if self.has_class(f"-zoom-{area}")), None)

    def _zoom(self, area: str | None) -> None:
        for name in AREAS:
            self.set_class(name == area, f"-zoom-{name}")
