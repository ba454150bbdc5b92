"""Every action of the interface, once: keys, footer, help and command palette are all made from this table.

A widget takes its keys with `BINDINGS = bindings("tree")`; Textual then calls `action_<id>` on that widget.  `place`
is where the action lives: `app` works everywhere, `explorer` wherever a model is shown, the others while that pane
has the focus.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from tui.tabs import TABS


@dataclass(frozen=True)
class Action:
    """One entry of the table: what a key does, what that is called, and where it holds."""

    id: str
    """Textual calls `action_<id>`; parameters may follow in parentheses."""
    keys: str
    """Comma separated, as Textual names keys."""
    title: str
    """A few words, for the palette and the help."""
    group: str
    """Heading in the help."""
    place: str = "app"
    footer: str = ""
    """Word in the footer; empty keeps it out of there."""
    at_once: bool = False
    """Taken before any pane sees the key, so that what is typed right behind it goes where the action leads."""
    shown: str = ""
    """How the keys are written for people, when not as `keys` says."""


OF_OPEN = frozenset(
    (
        "next_hit(1)", "next_hit(-1)", "forward", "dry_run", "backward", "zero_gradients", "undo", "redo",
        "copy_path", "copy_forms", "export", "save", "weights", "sharing", "edit_source", "statistics", "to_calls",
        "call_tensor", "keep_call", "step_back", "initialise", "compare", "freeze", "mode", "step_forth",
        "snapshots", "optimise",
    )
)  # fmt: skip
"""Actions of the explorer that act on what is open; so do all those of a pane."""

FOOTER = ("search", "forward", "backward", "go_console", "copy_path", "catalogue", "focus_next")
"""The order of the footer's words that hold in every pane; where it is short the last ones are left out."""

ACTIONS: tuple[Action, ...] = (
    # -- moving about
    Action("focus_next", "tab", "Next pane", "Panes", "explorer", footer="pane", shown="Tab"),
    Action("focus_previous", "shift+tab", "Previous pane", "Panes", "explorer", shown="Shift+Tab"),
    *(Action(f"show_tab({tab.id!r})", tab.key, tab.meaning or tab.title, "Panes", "explorer") for tab in TABS),
    Action("go_console", "greater_than_sign", "Go to the prompt", "Panes", "explorer", "console", True, shown=">"),
    Action("go_back", "escape", "Back to the tree", "Panes", "explorer", shown="Esc"),
    Action("wider(-4)", "left_square_bracket", "Narrower tree", "Panes", "explorer", shown="["),
    Action("wider(4)", "right_square_bracket", "Wider tree", "Panes", "explorer", shown="]"),
    Action("higher(-2)", "minus", "Lower console", "Panes", "explorer", shown="-"),
    Action("higher(2)", "equals_sign,plus", "Higher console", "Panes", "explorer", shown="="),
    Action("zoom", "Z", "Zoom the pane, or back", "Panes", "explorer", shown="Z"),
    # -- finding
    Action(
        "search",
        "slash",
        "Search the whole tree; in Calls, the calls",
        "Find",
        "explorer",
        footer="search",
        at_once=True,
        shown="/",
    ),
    Action("next_hit(1)", "n", "Next hit", "Find", "explorer"),
    Action("next_hit(-1)", "N", "Previous hit", "Find", "explorer"),
    Action(
        "step_back",
        "backspace,left_curly_bracket",
        "Back to what was selected",
        "Find",
        "explorer",
        shown="Backspace {",
    ),
    Action("step_forth", "right_curly_bracket", "Forth again", "Find", "explorer", shown="}"),
    # -- the model
    Action("forward", "f", "Run forward", "Model", "explorer", footer="forward"),
    Action("dry_run", "ctrl+f", "Run forward without values: its costs", "Model", "explorer", shown="Ctrl+F"),
    Action("inputs", "I", "Inputs and mode of the next forward …", "Model", "explorer"),
    Action("backward", "b", "Run backward", "Model", "explorer", footer="backward"),
    Action("zero_gradients", "z", "Clear the gradients", "Model", "explorer"),
    Action("to_calls", "c", "To its calls in the last run, one after another", "Model", "explorer"),
    Action(
        "call_tensor", "v", "Of a call: its output, then each input; of a comparison A, B, B - A", "Calls", "explorer"
    ),
    Action("keep_call", "V", "Run again, and keep the selected call's tensors, however large", "Calls", "explorer"),
    Action("compare", "D", "Compare with another source or a snapshot …", "Model", "explorer"),
    Action("initialise", "P", "Initialise parameters …", "Model", "explorer"),
    Action("undo", "u", "Undo the last change", "Model", "explorer"),
    Action("redo", "U", "Redo what was undone", "Model", "explorer"),
    Action("optimise", "B", "Steps of SGD or Adam on a loss, with curves …", "Model", "explorer"),
    Action("snapshots", "K", "Snapshots of the network: keep one, go back to one …", "Model", "explorer"),
    Action("freeze", "p", "Freeze what is selected and all below, or unfreeze it", "Model", "explorer"),
    Action("mode", "w", "Train or eval: the selected module and all below", "Model", "explorer"),
    Action("weights", "W", "Weights of a checkpoint: what fits, and load it …", "Model", "explorer"),
    Action("sharing", "M", "What is shared: objects, memory, values", "Model", "explorer"),
    Action("interrupt", "ctrl+c", "Interrupt the run (copies when text is selected)", "Model", shown="Ctrl+C"),
    Action("restart", "R", "Open again, from the files as they are now; restart an engine that ended", "Model"),
    Action("new_engine", "ctrl+r", "Open again in a new engine, from nothing", "Model", shown="Ctrl+R"),
    Action("reopen_on_save", "O", "Open anew at each save of its files, or not", "Model", "explorer"),
    # -- copying
    Action("copy_path", "y", "Copy the path", "Copy", "explorer", footer="copy"),
    Action("catalogue", "o", "Open another network or file", "Model", "explorer", footer="open"),
    Action("copy_forms", "Y", "Copy another form, or a table …", "Copy", "explorer"),
    Action("export", "E", "Write the run or the session to a file …", "Copy", "explorer"),
    Action("save", "ctrl+s", "Save the tensors to a new file …", "Copy", "explorer", shown="Ctrl+S"),
    Action("edit_source", "e", "Open your line that makes it in $EDITOR; in Source its class", "Copy", "explorer"),
    # -- the app
    Action("palette", "colon,ctrl+p", "All commands", "App", shown=": or Ctrl+P"),
    Action("help", "question_mark,f1", "Help", "App", footer="help", shown="?"),
    Action("tours", "T", "Guided tours …", "App", "explorer"),
    Action("tour_step(1)", "right_parenthesis", "Next step of the tour", "App", "explorer", shown=")"),
    Action("tour_step(-1)", "left_parenthesis", "Previous step of the tour", "App", "explorer", shown="("),
    Action("next_theme", "t", "Next theme", "App"),
    Action("suspend_job", "ctrl+z", "Back to the shell; fg there returns", "App", shown="Ctrl+Z"),
    Action("quit", "q,ctrl+q", "Quit", "App", footer="quit", shown="q"),
    # -- every list
    Action("move(-1)", "up,k", "Up", "Lists", "list", shown="↑ k"),
    Action("move(1)", "down,j", "Down", "Lists", "list", shown="↓ j"),
    Action("page(-1)", "pageup,ctrl+u", "Page up", "Lists", "list", shown="PgUp Ctrl+U"),
    Action("page(1)", "pagedown,ctrl+d", "Page down", "Lists", "list", shown="PgDn Ctrl+D"),
    Action("first", "home,g", "First row", "Lists", "list", shown="g Home"),
    Action("last", "end,G", "Last row", "Lists", "list", shown="G End"),
    Action("sideways(-8)", "shift+left,ctrl+left", "Scroll left", "Lists", "list", shown="Shift+←"),
    Action("sideways(8)", "shift+right,ctrl+right", "Scroll right", "Lists", "list", shown="Shift+→"),
    # -- the tree
    Action("toggle", "enter,space", "Unfold or fold", "Tree", "tree", footer="fold", shown="Enter Space"),
    Action("inward", "right,l", "Unfold, then to the first child", "Tree", "tree", shown="→ l"),
    Action("outward", "left,h", "Fold, then to the parent", "Tree", "tree", shown="← h"),
    Action("unfold_below", "asterisk", "Unfold everything below", "Tree", "tree", shown="*"),
    Action("fold_below", "underscore", "Fold everything below", "Tree", "tree", shown="_"),
    Action("tree_columns", "C", "Columns: sizes, the last run, gradients, initialisation; differences", "Tree", "tree"),
    Action("sort_siblings", "S", "Sort siblings by a column in view, the largest first, or not", "Tree", "tree"),
    Action("twin", "s", "Jump to the twin that shares it, or lies in its memory", "Tree", "tree"),
    # -- values
    Action("step(-1,0)", "up,k", "Up", "Values", "grid", shown="↑ k"),
    Action("step(1,0)", "down,j", "Down", "Values", "grid", shown="↓ j"),
    Action("step(0,-1)", "left,h", "Left", "Values", "grid", shown="← h"),
    Action("step(0,1)", "right,l", "Right", "Values", "grid", shown="→ l"),
    Action("leap(-1,0)", "pageup,ctrl+u", "Page up", "Values", "grid", shown="PgUp"),
    Action("leap(1,0)", "pagedown,ctrl+d", "Page down", "Values", "grid", shown="PgDn"),
    Action("leap(0,-1)", "shift+left,ctrl+left", "Page left", "Values", "grid", shown="Shift+←"),
    Action("leap(0,1)", "shift+right,ctrl+right", "Page right", "Values", "grid", shown="Shift+→"),
    Action("corner(0)", "home,g", "First element", "Values", "grid", shown="g Home"),
    Action("corner(1)", "end,G", "Last element", "Values", "grid", shown="G End"),
    Action("slice(-1)", "comma", "Previous slice of a tensor with more than 2 dimensions", "Values", "grid", shown=","),
    Action("slice(1)", "full_stop", "Next slice", "Values", "grid", footer="slice", shown="."),
    Action("dimension", "d", "Which index , and . change", "Values", "grid"),
    Action("heat", "H", "Heat map, or numbers", "Values", "grid", footer="heat map"),
    Action("refine", "Q", "Exact quantiles, by reading a second time", "Values", "grid"),
    Action(
        "edit",
        "enter",
        "Change the element, a row, a column, a window …, of a gradient too",
        "Values",
        "grid",
        "change",
        shown="Enter",
    ),
    Action("jump", "i", "Jump to an index …", "Values", "grid", footer="jump"),
    Action("extreme", "m", "The largest magnitude, then the other extreme", "Values", "grid"),
    Action("nonfinite(1)", "x", "Next NaN or infinity, in all slices", "Values", "grid"),
    Action("nonfinite(-1)", "X", "Previous NaN or infinity", "Values", "grid"),
    Action("stop_seeking", "escape", "Stop looking for it", "Values", "grid", footer="stop", shown="Esc"),
    # -- gradients
    Action("scale", "L", "Linear or logarithmic bars", "Gradients", "bars"),
    # -- calls
    Action(
        "compare_runs", "D", "Compare the run with another run, or another mode …", "Calls", "calls", footer="compare"
    ),
    Action("edit_inputs", "i", "Change the inputs …", "Calls", "calls", footer="inputs"),
    # -- tables
    Action("choose", "enter", "Show this row in the tree", "Tables", "table", footer="show", shown="Enter"),
    Action("filter", "F", "Filter the rows", "Filter and sort", "sorted", footer="filter"),
    Action("sort_next", "S", "Sort by the next column", "Filter and sort", "sorted", footer="sort"),
    Action("reverse", "r", "Sort the other way round", "Filter and sort", "sorted"),
    Action("columns", "C", "Columns: facts, statistics or differences", "Table of tensors", "tensors"),
    Action(
        "call_columns",
        "C",
        "Columns: shapes, values, costs or gradients; differences",
        "Calls",
        "calls",
        footer="columns",
    ),
    Action("fold", "space", "Unfold or fold", "Calls", "calls", footer="fold", shown="Space"),
    Action("inward", "right,l", "Unfold, then to the first row within", "Calls", "calls", shown="→ l"),
    Action("outward", "left,h", "Fold, then to what holds it", "Calls", "calls", shown="← h"),
    Action("apart", "x", "Layers that are alike: each on its own, or as one", "Calls", "calls", footer="apart"),
    Action("statistics", "A", "Statistics of all tensors below, or stop", "Table of tensors", "explorer"),
    # -- what is shared
    Action("choose", "enter", "Show it in the tree", "Sharing", "sharing list", "show", shown="Enter"),
    Action("mend", "x", "Tie, untie or copy it, by the line below the list", "Sharing", "sharing", "tie, untie"),
    Action("close_sharing", "escape", "Back; what still looks is cancelled", "Sharing", "sharing", "back", shown="Esc"),
    # -- weights that do not fit
    Action("take", "space,enter", "Take or leave the rule", "Weights", "fit rules", "take", shown="Space"),
    Action("edit_rule", "e", "Change the rule", "Weights", "fit rules", "edit"),
    Action("choose", "enter", "Show the tensor in the tree", "Weights", "fit lists", "show", shown="Enter"),
    Action("add_rule", "plus", "A rule of your own …", "Weights", "fit", "own rule", shown="+"),
    Action("load(False)", "a", "Load what fits, undoably", "Weights", "fit", "load"),
    Action("load(True)", "A", "Load it if everything fits, else nothing", "Weights", "fit", "strictly"),
    Action("copy_code", "y", "Copy the Python that does the same", "Weights", "fit", "copy Python"),
    Action("another", "o", "Another checkpoint …", "Weights", "fit", "other file"),
    Action(
        "close_weights",
        "escape",
        "Back; while it opens or loads, interrupt that",
        "Weights",
        "fit",
        "back",
        shown="Esc",
    ),
)


def bindings(place: str) -> list[BindingType]:
    """Return Textual's bindings of the actions that live at `place`, in the table's order."""
    return [
        Binding(
            action.keys,
            action.id,
            action.footer or action.title,
            show=bool(action.footer),
            priority=action.at_once,
        )
        for action in ACTIONS
        if action.place == place
    ]


def is_of_open(action: str) -> bool:
    """Return whether an action, as a binding names it, acts on what is open: without that its key is to wait."""
    return action in OF_OPEN or action in _OF_PANES


_OF_PANES = frozenset(action.id for action in ACTIONS if action.place not in ("app", "explorer"))


def keys_of(action: Action) -> str:
    """Return the keys of an action as the help and the palette write them."""
    return action.shown or action.keys.replace(",", " ")
