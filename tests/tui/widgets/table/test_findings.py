from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from models.messages import Finding, FoundFindings
from tests.tui.fake_engine import FakeEngine
from tui.widgets.table.findings import Findings

CAUSE = "`decoder.0.net.2` expects 17 features, got 16 from `decoder.0.net.1`: `in_features=16` fits"
FAILURE = Finding(
    kind="failure",
    severity="error",
    text=f"forward failed: {CAUSE}; at linear of [2, 16] x [8, 17] x [8]",
    path="decoder.0.net.2",
    where="a_file_with_a_name.py:35",
)


class FindingsApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Findings(FakeEngine().request)


@pytest.mark.parametrize(("others", "rows"), [(0, 6), (9, 7)])
async def test_the_text_under_the_cursor_is_read_to_its_end_in_a_small_terminal(others: int, rows: int) -> None:
    notes = [Finding(kind="rows_alike", severity="note", text=f"note {at}", path=str(at)) for at in range(others)]
    app = FindingsApp()
    async with app.run_test(size=(64, rows)) as pilot:
        app.query_one(Findings).show(FoundFindings(findings=[FAILURE, *notes], run=7))
        await pilot.pause()
        whole = app.query_one("#whole")
        drawn = [whole.render_line(y).text.strip() for y in range(whole.size.height)]
        assert "".join(drawn).replace(" ", "").endswith("(a_file_with_a_name.py:35)"), drawn
