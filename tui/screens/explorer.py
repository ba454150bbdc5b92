"""The main screen: tree, panes, console, and the flow of state between them.

The engine's answers and events arrive here; this screen hands them to the widgets, and no widget knows another.  What
the keys do lies in the mixins, one a theme: `opening`, `running`, `measuring`, `finding`, `copying`, `arranging`.
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
from tui.history import History
from tui.screens.arranging import Arranging
from tui.screens.closing import ClosesItself
from tui.screens.copying import Copying
from tui.screens.explorer_base import NOTICE
from tui.screens.finding import Finding
from tui.screens.measuring import Measuring
from tui.screens.opening import Opening
from tui.screens.without_code import WithoutCode
from tui.text import clean
from tui.widgets.bar import Bar
from tui.widgets.call_table import CallTable
from tui.widgets.console import Console
from tui.widgets.gradients_pane import GradientsPane
from tui.widgets.info import Info
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Lines
from tui.widgets.module_tree import ModuleTree
from tui.widgets.source_view import SourceView
from tui.widgets.splitter import Splitter
from tui.widgets.status_line import StatusLine
from tui.widgets.tensor_pane import HOLDERS
from tui.widgets.values_pane import ValuesPane

AT_ONCE = {action.id for action in ACTIONS if action.at_once}


class Explorer(ClosesItself[None], Opening, WithoutCode, Measuring, Finding, Copying, Arranging, Screen[None]):
    """Shows one open model.

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
        #panes, #lower-panes { height: 1fr; }
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
        ask = self.link.ask
        yield StatusLine()
        with Horizontal(id="upper"):
            with Vertical(id="left"):
                yield Bar(("", "Modules"), id="left-bar")
                yield ModuleTree(ask)
            yield Splitter()
            with Vertical(id="right"):
                yield Bar(("1", "Values"), ("2", "Gradients"), ("3", "Info"), ("4", "Source"), id="right-bar")
                with ContentSwitcher(initial="values", id="panes"):
                    yield ValuesPane(ask, id="values")
                    yield GradientsPane(ask, id="gradients")
                    yield Info(ask, id="info")
                    yield SourceView(ask, id="source")
        with Vertical(id="lower"):
            yield Bar(("5", "Console"), ("6", "Calls"), id="lower-bar")
            with ContentSwitcher(initial="console", id="lower-panes"):
                yield Console(ask, History(), id="console")
                yield CallTable(ask, id="calls")
        yield KeyLine()

    def on_mount(self) -> None:
        self.watch_focus()
        self._arrange()
        if self.first is not None and self.first.shown is not None:  # or the screen would be empty for a moment
            self.module_tree.show_as(self.first.shown)
            self.status.summary, self.status.state = self.first.summary, ""
        self.module_tree.focus()
        self.call_after_refresh(self.begin)  # how far the tree unfolds depends on its size

    # -- what the engine tells ---------------------------------------------------------------------------------------
    def take_event(self, body: m.Body) -> None:
        """Take in one event of the engine."""
        match body:
            case m.OutputText():
                self.query_one(Console).show_output(body.stream, body.text)
            case m.StateChanged():
                self.take_change(body)
            case m.CallsGrew():
                self.take_calls(body)
            case m.Busy():
                self.take_busy(body.text)

    def take_words(self, text: str) -> None:
        """Take in what the engine's process wrote to its standard error."""
        self.query_one(Console).show_output("stderr", text)

    def take_change(self, change: m.StateChanged) -> None:
        """The model changed: show the new summary, and ask again for what is on the screen."""
        self.query_one(StatusLine).summary = self.summary = change.summary
        self.module_tree.reload(change.structure)
        # A module's table costs little, and shows gradients and what is frozen besides values.
        if change.values or change.gradients or (self.row is not None and self.row.kind in HOLDERS):
            self.query_one(ValuesPane).refresh_values()
        if change.gradients:
            self.query_one(GradientsPane).refresh_values()
        self.query_one(Info).refresh_values()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Actions that are taken before the focused pane sees their key leave it alone where text is typed."""
        typing = isinstance(self.focused, Input | TextArea)
        return not (typing and action in AT_ONCE)

    def show_fault(self, fault: Fault, place: str, times: int) -> None:
        """Show a fault of our own in the console, with the way to report it."""
        again = f" ({times:,} times now)" if times > 1 else ""
        text = f"At {fault.place}{again}. What was being done is lost; everything else goes on.\n"
        text += f"Please report it: the traceback is in {place}" if place else fault.traceback
        problem = m.Problem("engine", f"modulescope's own fault: {fault.title}", text)
        self.console.show_problem(problem)
        self.notify("The console has the details.", title=clean(problem.title, NOTICE), severity="error", markup=False)

    def engine_ended(self, gone: EngineGone) -> None:
        """The engine died."""
        self.engine_lost(gone)

    # -- the selection -----------------------------------------------------------------------------------------------
    @on(ModuleTree.Selected)
    def _selected(self, message: ModuleTree.Selected) -> None:
        news = message.path == self.path and self.row is not None
        self.path, self.row = message.path, message.row
        if news:  # the numbers are asked for by `take_change`: here is what is known of the row
            for pane in (self.query_one(ValuesPane), self.query_one(GradientsPane)):
                pane.show(self.path, self.row)
            return
        self.show_object()

    def show_object(self) -> None:
        """Tell every pane what is selected."""
        self.show_at(self.path, self.row)

    def show_at(self, path: str, row: m.TreeRow | None) -> None:
        """Tell every pane what to show; a pane that is not seen asks for nothing until it is."""
        self.query_one("#right-bar", Bar).note = path or (self.summary.name if self.summary else "")
        for pane in (self.query_one(ValuesPane), self.query_one(GradientsPane)):
            pane.show(path, row)
        self.query_one(Info).show(path)
        self.query_one(SourceView).show(path)

    @on(Info.Followed)
    def _followed(self, message: Info.Followed) -> None:
        self.go_to(message.path)

    @on(Lines.PathChosen)
    def _path_chosen(self, message: Lines.PathChosen) -> None:
        self.go_to(message.path)

    @on(Lines.Failed)
    def _list_failed(self, message: Lines.Failed) -> None:
        self.tell(EngineProblem(message.problem))
