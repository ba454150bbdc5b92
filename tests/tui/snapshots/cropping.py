"""A picture of a part of the screen: what a test is about, and nothing that changes beside it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from rich.segment import Segment, Segments
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip


def picture_of(app: App[Any], part: str, title: str | None = None) -> str:
    """Return the SVG of the smallest rectangle of the screen that holds the widgets which `part` selects.

    As Textual's `export_screenshot`, which takes the whole screen.  `part` is a selector of style sheets, each of its
    comma separated pieces fits one widget of the top screen, and that is to be seen.
    """
    region = _region_of(app, part)
    console = Console(
        width=region.width,
        height=region.height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    frame: Any = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True)
    segments: list[Segment] = []
    for strips in frame.strips[region.y : region.bottom]:
        segments += [*Strip.join(strips).crop(region.x, region.right), Segment.line()]
    console.print(Segments(segments[:-1]))
    return console.export_svg(title=title or app.title)


def _region_of(app: App[Any], part: str) -> Region:
    widgets = [app.screen.query_one(piece.strip()) for piece in part.split(",")]
    hidden = [widget for widget in widgets if not widget.region.area]
    assert not hidden, f"not on the screen: {hidden}"
    return Region.from_union([widget.region for widget in widgets]).intersection(app.screen.region)
