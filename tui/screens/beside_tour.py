"""The step of a guided tour on the screens that lie over the explorer: what it asks for stays in sight there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic

from textual import events
from textual.geometry import Size
from textual.screen import Screen, ScreenResultType
from textual.widgets._toast import ToastRack

from tui.widgets.parts.tour_panel import TourNote

if TYPE_CHECKING:
    _Screen = Screen
else:
    # Textual takes styles from the first base that is a node, so that the mixin must be none.
    class _Screen(Generic[ScreenResultType]):
        pass


class BesideTour(_Screen[ScreenResultType]):
    """Mixin of screens that a step of a tour may lead to; named before the kind of screen."""

    keeps_tour: ClassVar[bool] = True
    """Whether the step is shown here, too."""

    @property
    def room(self) -> Size:
        """Return the columns and rows that a tour leaves to the screen: all that there are where none is shown."""
        width, height = self.size or self.app.size  # before the first layout it has no size of its own
        for note in self.query(TourNote):
            columns, rows = note.share(width, height)
            return Size(max(width - columns, 0), max(height - rows, 0))
        return Size(width, height)

    def on_mount(self) -> None:
        """Show the step that the explorer shows."""
        explorer = getattr(self.app, "explorer", None)  # only the app has one
        if self.keeps_tour and explorer is not None and explorer.tour is not None:
            self.mount(TourNote(explorer.tour, explorer.language))
            self._place_tour()

    def on_resize(self, event: events.Resize) -> None:
        """Give the step its place on a screen of another size."""
        self._place_tour()

    def _place_tour(self) -> None:
        width, height = self.size or self.app.size
        for note in self.query(TourNote):
            columns, rows = note.place(width, height)
            for notices in self.query(ToastRack):  # they cover no tour
                notices.styles.margin = (max(rows, 2), 0, 0, 0)
                notices.styles.padding = (0, columns, 0, 0)
