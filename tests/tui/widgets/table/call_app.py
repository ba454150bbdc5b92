"""An app that is a table of calls, and calls for it."""

from __future__ import annotations

from textual.app import App, ComposeResult

from models.messages import CallRow
from tests.tui.fake_engine import FakeEngine
from tui.widgets.lists.lines import Lines
from tui.widgets.table.call_table import CallTable


def call(module: str = "0", op: str = "linear", depth: int = 1, **fields: object) -> CallRow:
    facts = {"kind": "operation", "inputs": ["[2, 4]"], "output": "[2, 8]", **fields}
    return CallRow(module=module, op=op, depth=depth, **facts)


class CallApp(App[None]):
    def __init__(self, *rows: CallRow) -> None:
        super().__init__()
        self.engine = FakeEngine()
        self.engine.runs[3] = list(rows)
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield CallTable(self.engine.request)

    @property
    def table(self) -> CallTable:
        return self.query_one(CallTable)

    def on_lines_path_chosen(self, message: Lines.PathChosen) -> None:
        self.chosen.append(message.path)


def shown(table: CallTable) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]
