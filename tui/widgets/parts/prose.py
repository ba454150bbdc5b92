"""A text of sentences, Chinese too, whose lines are broken where a reader would break them."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.selection import Selection
from textual.widgets import Static

from tui.line_breaks import word_points


class Prose(Static):
    """Shows a `Content` in lines that fit its width; what is selected is copied without the breaks that it made."""

    DEFAULT_CSS = "Prose { width: 1fr; height: auto; }"

    def render(self) -> Content:
        """Return the text in rows of the present width."""
        return Content("\n").join(row for row, _ in self._rows(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many rows the text takes in `width` cells."""
        return len(self._rows(width))

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return what is selected, as it was before its lines were broken, and a line's end."""
        parts = []
        for y, (row, goes_on) in enumerate(self._rows(self.content_size.width)):
            if (span := selection.get_span(y)) is not None:
                start, end = span
                whole = end == -1 or end >= len(row)
                parts.append(row.plain[start:] if whole else row.plain[start:end])
                parts.append("" if goes_on or not whole else "\n")
        return "".join(parts).removesuffix("\n"), "\n"

    def _rows(self, width: int) -> list[tuple[Content, bool]]:
        """Return the rows of the text in `width` cells, each with whether its line goes on in the next."""
        content = self.visual
        assert isinstance(content, Content)
        rows = []
        for line in content.split(allow_blank=True):
            ends = word_points(line.plain, width) if width > 0 else [len(line)]
            parts = line.divide(ends[:-1])
            rows += [(part, at < len(parts)) for at, part in enumerate(parts, 1)]
        return rows
