"""Arranging the panes: which tab is seen, which pane has the focus, how large each is, on small terminals too."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.widget import Widget
from textual.widgets import ContentSwitcher
from textual.widgets._toast import ToastRack

from tui import tabs
from tui.input_order import hold_input
from tui.proportions import LEFT, LOW, LOWER, NARROW, left_width, lower_height
from tui.screens.explorer_base import ExplorerBase
from tui.widgets.console.output import Output
from tui.widgets.console.prompt import Prompt
from tui.widgets.parts.bar import Bar
from tui.widgets.parts.splitter import Splitter
from tui.widgets.parts.tour_panel import TourPanel
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.table_bar import FilterInput
from tui.widgets.tree.search_box import SearchBox

AREAS = ("left", *tabs.AREAS)
BESIDE_LOG, BESIDE_CALLS = 2, 2
"""Rows of the lower area beside the log: its bar and the prompt; beside the calls: its bar and their titles."""


class Arranging(ExplorerBase):
    """What the explorer does for tabs, focus and the sizes of panes."""

    left_share = LEFT
    lower_share: float | None = None
    """Of the height, the lower area's, once its border was moved; until then it grows with what it has to show."""
    content_rows = 0
    """The most rows that its tabs had to show; it never becomes lower by itself, for what is above would jump."""

    # -- tabs --------------------------------------------------------------------------------------------------------
    def action_show_tab(self, name: str) -> None:
        """Show the tab whose id is `name`, with the focus in it."""
        self.show_tab(name)

    def show_tab(self, name: str, focus: bool = True) -> None:
        """Bring the tab whose id is `name` to the front of its area; the focus goes there, unless `focus` is False."""
        tab = tabs.tab_of(name)
        self.query_one(f"#{tab.area}-panes", ContentSwitcher).current = name
        self.query_one(f"#{tab.area}-bar", Bar).active = tabs.tabs_in(tab.area).index(tab)
        self.observe("tab", name)
        if name == "calls":
            self._grow_for(self.query_one(CallTable).count + BESIDE_CALLS)
        if focus:
            self.focus_area(tab.area)

    def shown_tab(self, area: tabs.Area) -> str:
        """Return the id of the tab that is seen in an area."""
        return self.query_one(f"#{area}-panes", ContentSwitcher).current or ""

    @on(Output.Grew)
    def _log_grew(self, message: Output.Grew) -> None:
        self._grow_for(message.rows + BESIDE_LOG)

    def _grow_for(self, rows: int) -> None:
        """Give the lower area room for so many rows, if that is more than it had ever need of."""
        if rows > self.content_rows:
            self.content_rows = rows
            self._arrange()

    def show_count(self, name: str, count: int | None) -> None:
        """Write behind the title of the tab `name` how many things it holds; None writes nothing."""
        tab = tabs.tab_of(name)
        title = tab.title if count is None else f"{tab.title} {count:,}"
        if name == "calls" and count and self.query_one("#lower-panes", ContentSwitcher).current == name:
            self._grow_for(count + BESIDE_CALLS)
        self.query_one(f"#{tab.area}-bar", Bar).set_title(tabs.tabs_in(tab.area).index(tab), title)

    def action_go_console(self) -> None:
        """Go to the prompt."""
        self.show_tab("console", focus=False)
        self.focus_area("lower", to=self.query_one(Prompt))

    def action_go_back(self) -> None:
        """Leave zoom, search and any other pane for the tree."""
        self._zoom(None)
        self.remove_class("-at-right", "-at-lower")
        for box in self.query(SearchBox):  # which lies over the tree, and was left with the mouse or with Tab
            box.action_close()
        self.set_focus(self.module_tree)
        self.select_tree()

    @on(Bar.Picked)
    def _picked(self, message: Bar.Picked) -> None:
        for area in tabs.AREAS:
            if message.bar.id == f"{area}-bar":
                self.show_tab(tabs.tabs_in(area)[message.index].id)
                return
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
        """Have the bar over the pane with the focus bright from now on."""
        self.watch(self, "focused", self._light_bars)

    def _light_bars(self, focused: Widget | None) -> None:
        area = self._area_of(focused)
        for name in AREAS:
            self.query_one(f"#{name}-bar", Bar).set_class(name == area, "-focused")

    def action_focus_next(self) -> None:
        """Go to the next area."""
        self._cycle(1)

    def action_focus_previous(self) -> None:
        """Go to the previous area."""
        self._cycle(-1)

    def _cycle(self, direction: int) -> None:
        here = self._area_of(self.focused)
        order = list(AREAS)
        index = order.index(here) if here in order else -direction
        self.focus_area(order[(index + direction) % len(order)])

    # -- sizes -------------------------------------------------------------------------------------------------------
    def action_wider(self, columns: int) -> None:
        """Make the tree wider by so many columns, which may be negative."""
        self._share_columns(self.query_one("#left").size.width + columns)

    def action_higher(self, rows: int) -> None:
        """Make the lower area higher by so many rows, which may be negative."""
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
        columns = rows = 0
        for panel in self.query(TourPanel):
            if panel.display:
                columns, rows = panel.place(width, height)
                width, height = width - columns, height - rows
        self.set_class(width < NARROW, "-narrow")
        self.set_class(height < LOW, "-low")
        zoomed = self._zoomed  # which has all there is: a size of its own would hold against that
        moved = self.lower_share is not None
        lower = lower_height(height, self.lower_share or LOWER, None if moved else self.content_rows)
        self.query_one("#left").styles.width = None if zoomed == "left" else left_width(width, self.left_share)
        self.query_one("#lower").styles.height = None if zoomed == "lower" else lower
        for notices in self.query(ToastRack):  # between the two bars with tabs
            notices.styles.margin = (2 + rows, 0, 0, 0)  # they cover no tour
            notices.styles.padding = (0, columns, 0, 0)
            notices.styles.max_height = max(height - 3 - (0 if zoomed else lower or 0), 1)

    def action_zoom(self) -> None:
        """Give the area with the focus the whole screen, or take it back."""
        self._zoom(self._area_of(self.focused) if self._zoomed is None else None)

    @property
    def _zoomed(self) -> str | None:
        """The area that has the whole screen."""
        return next((area for area in AREAS if self.has_class(f"-zoom-{area}")), None)

    def _zoom(self, area: str | None) -> None:
        for name in AREAS:
            self.set_class(name == area, f"-zoom-{name}")
        self._arrange()
