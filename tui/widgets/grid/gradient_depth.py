"""The picture of gradients by depth, above the norms of a module's parameters; a click leads to a layer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click, MouseMove
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from models.messages import LayerGradient
from tui.text import clean
from tui.widgets.grid.depth_chart import Chart, chart_of, norm_text

FEWEST_LAYERS = 3
"""Layers below which there is nothing to compare."""
FRAME = 2
"""Lines above and below the columns."""
LOWEST, HIGHEST = 3, 8
"""Lines that the columns take."""
SHARE = 2.6
"""How many times as high the pane is as the picture: the list below it is what keys act on."""


class GradientDepth(Widget):
    """Gradients by depth; `show` takes the layers.  Takes no room where there are few layers, or few lines."""

    DEFAULT_CSS = """
    GradientDepth { height: auto; padding: 0 1; background: $surface; color: $foreground; }
    """

    class Chosen(Message):
        """Posted when a layer was clicked on."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._layers: Sequence[LayerGradient] = ()
        self._above = ""
        self._chart: Chart | None = None

    def show(self, layers: Sequence[LayerGradient], above: str) -> None:
        """Show the layers of the module at `above`, in order of execution."""
        self._layers, self._above = layers, above
        self.display = len(layers) >= FEWEST_LAYERS
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        lines = int(container.height / SHARE) - FRAME
        return 0 if lines < LOWEST else min(lines, HIGHEST) + FRAME

    def render(self) -> Content:
        width, height = self.content_size
        if height <= FRAME or len(self._layers) < FEWEST_LAYERS:
            return Content("")
        self._chart = chart_of(self._layers, self._above, width, height - FRAME)
        return Content("\n").join(Content.assemble(*line) for line in self._chart.lines)

    def _at(self, x: int) -> Sequence[LayerGradient]:
        """Return the layers of the column at a cell."""
        chart = self._chart
        if chart is None:
            return ()
        found = (group for column, group in zip(chart.columns, chart.groups, strict=True) if x in column)
        return next(found, ())

    def on_mouse_move(self, event: MouseMove) -> None:
        offset = event.get_content_offset(self)
        layers = self._at(offset.x) if offset is not None else ()
        self.tooltip = Content("\n").join(Content(_line(layer)) for layer in layers[:5]) if layers else None

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        layers = self._at(offset.x) if offset is not None else ()
        if layers:
            self.post_message(self.Chosen(layers[0].path))


def _line(layer: LayerGradient) -> str:
    more = f" and {layer.layers - 1:,} more" if layer.layers > 1 else ""
    return f"{clean(layer.path, 60) or '(root)'} {clean(layer.op, 30)}{more}: {norm_text(layer.norm)}"
