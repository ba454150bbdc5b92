"""The main screen: tree, panes, console, and the flow of state between them.

The engine's answers and events arrive here; this screen hands them to the widgets, and no widget knows another.  What
the keys do lies in the mixins, one a theme: `opening`, `reopening`, `running`, `measuring`, `comparing`,
`comparing_runs`, `finding`, `copying`, `touring`, `arranging`, `call_selection`, `loading_weights`, `saving`,
`sharing`, `initialising`, `editing`, `stepping`.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, TextArea

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.actions import ACTIONS, bindings
from tui.faults import Fault
from tui.input_order import InputOrder
from tui.screens.arranging import Arranging
from tui.screens.call_selection import CallSelection
from tui.screens.closing import ClosesItself
from tui.screens.comparing import Comparing
from tui.screens.comparing_runs import ComparingRuns
from tui.screens.copying import Copying
from tui.screens.editing import Editing
from tui.screens.explorer_base import NOTICE
from tui.screens.exporting import Exporting
from tui.screens.initialising import Initialising
from tui.screens.loading_weights import LoadingWeights
from tui.screens.measuring import Measuring
from tui.screens.remarks import Remarks
from tui.screens.reopening import Reopening
from tui.screens.requires_code import RequiresCode
from tui.screens.saving import Saving
from tui.screens.searching import Searching
from tui.screens.sharing import ShowingSharing
from tui.screens.touring import Touring
from tui.tabs import Area, tabs_in
from tui.text import clean
from tui.widgets.console.console import Console
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.bar import Bar
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.parts.splitter import Splitter
from tui.widgets.parts.status_line import StatusLine
from tui.widgets.table.call_table import CallTable, title_of_call
from tui.widgets.tree.module_tree import ModuleTree
from tui.widgets.tree.tree_drawing import sharing_note

AT_ONCE = {action.id for action in ACTIONS if action.at_once}


class Explorer(
    ClosesItself[None],
    LoadingWeights,
    Editing,
    Saving,
    Initialising,
    ShowingSharing,
    RequiresCode,
    Reopening,
    Measuring,
    Searching,
    Remarks,
    ComparingRuns,
    Comparing,
    CallSelection,
    Copying,
    Exporting,
    Touring,
    Arranging,
    Screen[None],
):
    """The main screen: one open model.

    Args:
        link: the engine.
        options: what to open first, and with which input.
        settings: what is remembered between starts.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("explorer")
    DEFAULT_CSS = """
    Explorer {
        #upper { height: 1fr; }
        #left { width: 40%; min-width: 16; }
        #right { width: 1fr; min-width: 16; }
        #right-panes, #lower-panes { height: 1fr; }
        #lower { height: 12; }
        ModuleTree, SearchBox { height: 1fr; }
        &.-narrow Splitter { display: none; }
        &.-narrow #left { width: 1fr; }
        &.-narrow #right { display: none; }
        &.-narrow.-at-right #right { display: block; }
        &.-narrow.-at-right #left { display: none; }
        &.-low #lower { display: none; }
        &.-low.-at-lower #lower { display: block; height: 1fr; }
        &.-low.-at-lower #upper { display: none; }
        &.-zoom-left #right, &.-zoom-left Splitter, &.-zoom-left #lower { display: none; }
        &.-zoom-left #left { width: 1fr; }
        &.-zoom-right #left, &.-zoom-right Splitter, &.-zoom-right #lower { display: none; }
        &.-zoom-lower #upper { display: none; }
        &.-zoom-lower #lower { height: 1fr; }
    }
    """

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with Horizontal(id="upper"):
            with Vertical(id="left"):
                yield Bar(("", "Modules"), id="left-bar")
                yield ModuleTree(self.link.ask)
            yield Splitter()
            with Vertical(id="right"):
                yield from self._compose_tabs("right")
        with Vertical(id="lower"):
            yield from self._compose_tabs("lower")
        yield KeyLine()

    def _compose_tabs(self, area: Area) -> ComposeResult:
        tabs = tabs_in(area)
        yield Bar(*((tab.key, tab.title) for tab in tabs), id=f"{area}-bar")
        with ContentSwitcher(initial=tabs[0].id, id=f"{area}-panes"):
            for tab in tabs:
                yield tab.make(self.link.ask)

    def on_mount(self) -> None:
        self.watch_focus()
        self.watch_lists()
        self._arrange()
        self.status.waiting_since = lambda: self.link.waiting_since
        order: InputOrder | None = getattr(self.app, "input_order", None)
        if order is not None:
            order.opening, order.on_kept = self.keys_wait, self.status.show_kept
            order.engine_works = lambda: self.link.is_late
        if self.first is not None and self.first.shown is not None:  # or the screen would be empty for a moment
            self.module_tree.show_as(self.first.shown)
            self.status.summary, self.status.state = self.first.summary, ""
        self.module_tree.focus()
        self.watch_files()
        self.begin_tour()
        self.call_after_refresh(self.begin)  # how far the tree unfolds depends on its size

    # -- what the engine sends ---------------------------------------------------------------------------------------
    def take_event(self, body: m.Body) -> None:
        """Take in one event of the engine."""
        match body:
            case m.OutputText():
                self.query_one(Console).show_output(body.stream, body.text)
            case m.StateChanged():
                self.take_change(body)
            case m.CallsGrew():
                self.take_calls(body)
            case m.StepsGrew():
                self.take_steps(body)
            case m.Busy():
                self.take_busy(body.text)

    def take_words(self, text: str) -> None:
        """Take in what the engine's process wrote to its standard error."""
        self.query_one(Console).show_output("stderr", text)

    def take_change(self, change: m.StateChanged) -> None:
        """Show the new summary of a model that changed, and ask again for what is on the screen."""
        self.query_one(StatusLine).summary = self.summary = change.summary
        self.module_tree.reload(change.structure)
        for _, pane in self.panes():
            pane.model_changed(change)
        self.comparison_changed(change)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key acts: those that come before the focused pane leave it alone where text is typed."""
        typing = isinstance(self.focused, Input | TextArea)
        return not (typing and action in AT_ONCE)

    def show_fault(self, fault: Fault, place: str, times: int) -> None:
        """Show a fault of our own in the console, with the way to report it."""
        again = f" ({times:,} times now)" if times > 1 else ""
        text = f"At {fault.place}{again}. What was being done is lost; everything else goes on.\n"
        text += f"Please report it: the traceback is in {place}" if place else fault.traceback
        problem = m.Problem("engine", f"modulescope's own fault: {fault.title}", text)
        self.console.show_error(problem)
        self.notify("The console has the details.", title=clean(problem.title, NOTICE), severity="error", markup=False)

    def engine_ended(self, gone: EngineGone) -> None:
        """Take in that the engine died."""
        self.engine_lost(gone)

    # -- the selection -----------------------------------------------------------------------------------------------
    @on(ModuleTree.Selected)
    def _selected(self, message: ModuleTree.Selected) -> None:
        news = message.path == self.path and self.row is not None
        self.note_move(message.path, message.tree)
        self.path, self.row = message.path, message.row
        self.observe("selected", message.path)
        if not message.tree.compares:
            self.query_one("#left-bar", Bar).note = sharing_note(message.row)
        if news and self.call is not None:
            return
        self.forget_call()
        if news:  # the numbers are asked for by `take_change`: here is what is known of the row
            for _, pane in self.panes():
                pane.row_changed(self.row)
            return
        self.show_object()

    def show_object(self) -> None:
        """Show in every pane what is selected."""
        if self.call is None:
            self.show_at(self.path, self.row)
            return
        row = self.query_one(CallTable).call_at(self.call.run, self.call.call)
        self.query_one("#right-bar", Bar).note = title_of_call(self.call, row)
        for _, pane in self.panes():
            pane.show(self.call, row)

    def show_at(self, path: str, row: m.TreeRow | None) -> None:
        """Show in every pane what is at `path`; a pane that is not seen asks for nothing until it is.

        `row` is what the tree knows of it, None until it does.
        """
        self.query_one("#right-bar", Bar).note = path or (self.summary.name if self.summary else "")
        for _, pane in self.panes():
            pane.show(path, row)

    @on(Lines.PathChosen)
    def _path_chosen(self, message: Lines.PathChosen) -> None:
        self.follow(message.path)

    @on(Lines.Failed)
    def _list_failed(self, message: Lines.Failed) -> None:
        self.notify_error(EngineProblem(message.problem))
