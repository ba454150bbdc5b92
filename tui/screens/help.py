"""Every key by group, made from the table of actions, and what the marks in the panes mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.actions import ACTIONS, keys_of
from tui.screens.panel import Panel, keys_line

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
FILTER = (
    ("words", "Names that hold them all, in any order"),
    ("dtype:bf16", "By type; dtype:f16,bf16 for either"),
    ("size>1MB", "Bytes; also elements>1M and rank:2"),
    ("shape:4096", "A dimension; shape:4096x* for all of them"),
    ("kind:buffer", "Or parameter, constant, state"),
    ("place:00002", "In which file"),
    ("nan>0", "Also inf, zeros>50%, min, max, mean, std, l2; once taken with A"),
    ("Enter Esc", "Back to the table; without the filter"),
)
TREE_SIGNS = (
    ("~Linear", "A class told from names and shapes, where there is no code"),
    ("[0–79] ×80", "80 siblings of one structure in a row; Enter shows them"),
)
COLUMN = 36
"""Cells that a column needs."""
WIDEST_KEYS = 12

Group = tuple[str, Sequence[tuple[str, str]]]


def groups(legend: Sequence[tuple[str, str]] = ()) -> list[Group]:
    """Headings with their (keys, meaning) lines: the actions, signs and marks, what search, filter and console take."""
    found: dict[str, list[tuple[str, str]]] = {}
    for action in ACTIONS:
        found.setdefault(action.group, []).append((keys_of(action), action.title))
    rest: list[Group] = [("Search box", SEARCH_KEYS), ("In the tree", TREE_SIGNS)]
    if legend:
        rest.append(("Marks", legend))
    return [*found.items(), *rest, ("Filter of a table", FILTER), ("Console", CONSOLE_KEYS), ("Mouse", MOUSE)]


class HelpScreen(Panel[None]):
    """Closes with Escape, q or the key that opened it."""

    DEFAULT_CSS = """
    HelpScreen > #panel {
        width: 100%;
        max-width: 124;
        height: 100%;
        max-height: 100%;
        & > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        & Horizontal { height: auto; }
        & .column { width: 1fr; height: auto; padding: 0 2 0 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,enter", "close", "Close", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, legend: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._groups = groups(legend)
        self._columns = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("Keys")
            panel.border_subtitle = keys_line(("↑ ↓", "scroll"), ("Esc", "closes"))
            with VerticalScroll(), Horizontal():
                for number in range(3):
                    yield Static("", id=f"column{number}", classes="column", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        usable = min(event.size.width, 124) - 5
        count = max(1, min(3, usable // COLUMN))
        width = usable // count - 3
        columns = arranged(self._groups, count, width)
        for number in range(3):
            column = self.query_one(f"#column{number}", Static)
            column.display = number < count
            column.update(columns[number] if number < count else "")

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def arranged(all_groups: Sequence[Group], count: int, width: int) -> list[Content]:
    """The groups in `count` columns of `width` cells, in reading order, about equally high; no group is torn."""
    # One width for all, but for a group with wider ones (names of marks).
    keys = max(size for _, pairs in all_groups for key, _ in pairs if (size := cell_len(key)) <= WIDEST_KEYS)
    blocks = [_block(group, keys, width) for group in all_groups]
    height = max(lines for _, lines in blocks)
    while len(columns := _filled(blocks, height)) > count:
        height += 1
    columns += [[]] * (count - len(columns))
    return [Content("\n").join(column) for column in columns]


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
    keys = max(keys, *(cell_len(key) for key, _ in pairs))
    lines = [Content.styled(title, "bold underline")]
    for key, meaning in pairs:
        for number, part in enumerate(_wrapped(meaning, max(8, width - keys - 2))):
            shown = key if number == 0 else ""
            padding = " " * (keys - cell_len(shown) + 2)
            lines.append(Content.assemble((shown, "bold $text-accent"), padding, part))
    return Content("\n").join([*lines, Content("")]), len(lines) + 1


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines
