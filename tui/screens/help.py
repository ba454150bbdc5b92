"""Every key by group, those of the pane with the focus first, with a search; and what the marks in the panes mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui.actions import ACTIONS, keys_of
from tui.line_breaks import wrap_words
from tui.screens.panel import Panel, keys_line
from tui.text import clean
from tui.widgets.parts.line_input import LineInput

CONSOLE_KEYS = (
    ("Enter", "Run, or a new line when the code goes on"),
    ("Shift+Enter", "A new line in any case"),
    ("Tab", "Complete, or indent"),
    ("Shift+Tab", "Previous pane"),
    ("↑ ↓", "History, of what begins like the text"),
    ("PgUp PgDn", "Scroll the log"),
    ("Ctrl+L", "Clear the log"),
    ("Esc", "Back to the tree"),
)
MOUSE = (
    ("click", "Focus, tabs, fold marks, footer; a title sorts, again the other way round"),
    ("2 clicks", "Fold, or show the row in the tree"),
    ("wheel", "Scroll; with Shift sideways"),
    ("drag", "Select, then Ctrl+C copies; size of panes at the line between them and at the console's bar"),
)
SEARCH_KEYS = (
    ("letters", "Words that a path holds, in any order"),
    ("↑ ↓", "Other hits, seen in the panes"),
    ("Enter", "Go there"),
    ("Esc", "Back to where you were"),
)
SOURCE_KEYS = (
    ("Enter", "Open the one chosen"),
    ("/ o", "Write your own; Tab completes it"),
    ("Esc", "Back"),
)
FILTER = (
    ("words", "Names that hold them all, in any order"),
    ("dtype:bf16", "By type; dtype:f16,bf16 for either"),
    ("size>1MB", "Bytes; also elements>1M and rank:2"),
    ("shape:4096", "A dimension; shape:4096x* for all of them"),
    ("kind:buffer", "Or parameter, constant, state"),
    ("place:00002", "In which file"),
    ("nonfinite>0", "NaN or infinity; nan>0 or inf>0 for one of them. Once taken with A"),
    ("absmax>3", "Also min, max, mean, std, l2, zeros>50%. Once taken with A"),
    ("dtype:!f32", "Not: before a value, a word (!bias) or a term (!zeros>50%)"),
    ("Enter Esc", "Back to the table; without the filter"),
)
TREE_SIGNS = (
    ("~Linear", "A class inferred from names and shapes, where there is no code"),
    ("[0–79] ×80", "80 siblings of one structure in a row; Enter shows them"),
)
COLUMN = 36
"""Cells that a column needs."""
WIDEST_KEYS = 12
A_MARK = 2
"""Cells of a key up to which it is a mark: what stands behind it has the room of the keys of other groups."""

Group = tuple[str, Sequence[tuple[str, str]]]


MARKS = "Marks"
OF_WIDGETS: dict[str, tuple[str, ...]] = {
    "SourceList": ("Sources", "Lists"),
    "ModuleTree": ("Tree", "In the tree", "Find", MARKS, "Lists", "Model"),
    "SearchInput": ("Search box",),
    "ValueGrid": ("Values",),
    "TensorTable": ("Table of tensors", "Filter and sort", "Tables", MARKS, "Filter of a table", "Lists"),
    "FilterInput": ("Filter of a table", "Filter and sort", "Tables"),
    "GradientBars": ("Gradients", "Tables", "Lists"),
    "CallTable": ("Calls", "Filter and sort", "Tables", "Lists"),
    "Info": ("Lists", "Tables"),
    "ShareList": ("Sharing", "Lists"),
    "RuleList": ("Weights", "Lists"),
    "MisfitList": ("Weights", "Lists"),
    "SourceView": ("Lists",),
    "Prompt": ("Console",),
    "Output": ("Console",),
}
"""The headings of what holds in a pane, by the widget with the focus; the first come first."""


def here_first(all_groups: Sequence[Group], widget: str) -> list[Group]:
    """Return the groups, those first that hold in a widget of that class, each with a word for it in its heading."""
    here = OF_WIDGETS.get(widget, ())
    if "Sources" in here:  # a screen of its own, so its keys are nothing for the others
        all_groups = [("Sources", SOURCE_KEYS), *all_groups]
    rank = {title: place for place, title in enumerate(here)}
    ordered = sorted(all_groups, key=lambda group: rank.get(group[0], len(rank)))
    return [(f"{title} · here" if title in rank and title != MARKS else title, pairs) for title, pairs in ordered]


def found(all_groups: Sequence[Group], query: str) -> list[Group]:
    """Return the lines that hold every word of a search, in their keys, their meaning or their heading."""
    words = query.casefold().split()
    kept = [
        (title, [pair for pair in pairs if all(word in f"{title} {pair[0]} {pair[1]}".casefold() for word in words)])
        for title, pairs in all_groups
    ]
    return [(title, pairs) for title, pairs in kept if pairs]


def groups(legend: Sequence[tuple[str, str]] = ()) -> list[Group]:
    """Return the help's headings, each with (keys, meaning) lines: actions, marks, search, filter, console and mouse.

    `legend` are the marks of the tree, with their meanings.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for action in ACTIONS:
        found.setdefault(action.group, []).append((keys_of(action), action.title))
    rest: list[Group] = [("Search box", SEARCH_KEYS), ("In the tree", TREE_SIGNS)]
    if legend:
        rest.append((MARKS, legend))
    return [*found.items(), *rest, ("Filter of a table", FILTER), ("Console", CONSOLE_KEYS), ("Mouse", MOUSE)]


class HelpInput(LineInput):
    """The line of the search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "screen.leave_search", "To the keys", show=False),
    ]


class HelpScreen(Panel[None]):
    """The help; closes with Escape, q or the key that opened it.

    Args:
        legend: the marks of the tree, with their meanings.
        widget: the class of the widget with the focus, whose keys come first.
    """

    DEFAULT_CSS = """
    HelpScreen > #panel {
        width: 100%;
        max-width: 124;
        height: 100%;
        max-height: 100%;
        & > HelpInput { height: 1; border: none; padding: 0; background: $surface; display: none; }
        & > HelpInput.-seen { display: block; }
        & > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        & Horizontal { height: auto; }
        & .column { width: 1fr; height: auto; padding: 0 2 0 0; }
    }
    """
    keeps_tour = False  # all keys in sight are worth more
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,enter", "close", "Close", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, legend: Sequence[tuple[str, str]] = (), widget: str = "") -> None:
        super().__init__()
        self._groups = here_first(groups(legend), widget)
        self._here = len(OF_WIDGETS.get(widget, ()))
        self._columns = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("Keys")
            panel.border_subtitle = keys_line(("↑ ↓", "scroll"), ("/", "searches"), ("Esc", "closes"))
            yield HelpInput(placeholder="part of a key or of what it does", compact=True)
            with VerticalScroll(), Horizontal():
                for index in range(3):
                    yield Static("", id=f"column{index}", classes="column", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        query = self.query_one(HelpInput).value
        here, rest = found(self._groups[: self._here], query), found(self._groups[self._here :], query)
        if not (here or rest):
            rest = [("Nothing", [("", f"holds “{clean(query, 40)}”")])]
        usable = min(self.size.width, 124) - 5
        count = max(1, min(3, usable // COLUMN))
        width = usable // count - 3
        columns = below(with_marks_on_top(here, count, width), arranged(rest, count, width))
        for index in range(3):
            column = self.query_one(f"#column{index}", Static)
            column.display = index < count
            column.update(columns[index] if index < count else "")

    # -- search
    def action_search(self) -> None:
        """Go to the line of the search."""
        field = self.query_one(HelpInput)
        field.add_class("-seen")
        field.focus()

    def action_leave_search(self) -> None:
        """Go back to the keys; what is found stays."""
        self.query_one(VerticalScroll).focus()

    @on(Input.Changed)
    def _searched(self) -> None:
        self._lay_out()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_close(self) -> None:
        """Leave the search, and forget it; without one, close."""
        field = self.query_one(HelpInput)
        if not field.has_class("-seen"):
            super().action_close()
            return
        self.query_one(VerticalScroll).focus()
        field.value = ""
        field.remove_class("-seen")

    def action_scroll(self, by: int) -> None:
        """Scroll by so many lines, down where `by` is positive."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def arranged(all_groups: Sequence[Group], count: int, width: int) -> list[Content]:
    """Return the groups in `count` columns of `width` cells, in reading order, about equally high; no group is torn."""
    # One width for all, but for a group with wider ones (names of marks).
    sizes = [cell_len(key) for _, pairs in all_groups for key, _ in pairs]
    keys = max((size for size in sizes if size <= WIDEST_KEYS), default=WIDEST_KEYS)
    blocks = [_block(group, keys, width) for group in all_groups]
    height = max((lines for _, lines in blocks), default=0)
    while len(columns := _filled(blocks, height)) > count:
        height += 1
    columns += [[]] * (count - len(columns))
    return [Content("\n").join(column) for column in columns]


def with_marks_on_top(all_groups: Sequence[Group], count: int, width: int) -> list[Content]:
    """Return the groups in columns as `arranged` does, the marks on top of the second one, where there is one."""
    at = next((place for place, (title, _) in enumerate(all_groups) if title == MARKS), 0)
    if count < 2 or not at:
        return arranged(all_groups, count, width)
    return [*arranged(all_groups[:at], 1, width), *arranged(all_groups[at:], count - 1, width)]


def below(upper: Sequence[Content], lower: Sequence[Content]) -> list[Content]:
    """Return columns, each what is in the upper one and then, from a line on that all have in common, the lower one."""
    heights = [column.plain.count("\n") for column in upper]
    if not any(heights):
        return list(lower)
    return [
        Content.assemble(above, "\n" * (max(heights) + 1 - height), under)
        for above, under, height in zip(upper, lower, heights, strict=True)
    ]


def _filled(blocks: Sequence[tuple[Content, int]], height: int) -> list[list[Content]]:
    """The blocks in columns of at most `height` lines, one after the other."""
    columns: list[list[Content]] = [[]]
    free = height
    for block, lines in blocks:
        if lines > free:
            columns.append([])
            free = height
        columns[-1].append(block)
        free -= lines
    return columns


def _block(group: Group, keys: int, width: int) -> tuple[Content, int]:
    """Heading, keys in at least `keys` cells and meanings, an empty line; and how many lines that is."""
    title, pairs = group
    own = max(cell_len(key) for key, _ in pairs)
    keys = own if own <= A_MARK else max(keys, own)
    lines = [Content.styled(title, "bold underline")]
    for key, meaning in pairs:
        for index, part in enumerate(wrap_words(meaning, max(8, width - keys - 2))):
            shown = key if index == 0 else ""
            padding = " " * (keys - cell_len(shown) + 2)
            lines.append(Content.assemble((shown, "bold $text-accent"), padding, part))
    return Content("\n").join([*lines, Content("")]), len(lines) + 1
