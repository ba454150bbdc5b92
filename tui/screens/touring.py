"""Guided tours: a panel with one step after another, which knows from what happens on the screen when each is done."""

from __future__ import annotations

from models.messages import Choice, Problem
from tui.language import Language
from tui.screens.arranging import Arranging
from tui.screens.opening import Opening
from tui.tabs import AREAS
from tui.tours.progress import TourProgress
from tui.tours.tour import Tour, own_tours
from tui.widgets.parts.tour_panel import TourPanel

END = {"en": "End this tour", "zh": "结束此导览"}
HEADINGS = {
    "en": ("Guided tours", "Short steps on the documented networks"),
    "zh": ("导览", "在文档的网络上一步一步来"),
}
"""Of the list: on its frame, and above it."""


class Touring(Arranging, Opening):
    """What the explorer does for guided tours."""

    tour: TourProgress | None = None
    """The tour that is shown."""

    @property
    def language(self) -> Language:
        """Return the language of the tours."""
        return self.options.language

    def begin_tour(self) -> None:
        """Start the tour that the command line named, if it did."""
        if self.options.tour is not None:
            self.start_tour(self.options.tour)

    def action_tours(self) -> None:
        """Show the tours; what is chosen is started, its network opened."""
        from tui.screens.source_choices import SourceChoices

        tours = own_tours()
        named = self.options.tour
        if named is not None and all(tour.name != named.name for tour in tours):
            tours = [named, *tours]
        of_title = {f"{tour.section:6} {tour.title.of(self.language)}": tour for tour in tours}
        choices = [Choice(source=title, about=tour.source) for title, tour in of_title.items()]
        if self.tour is not None:
            choices.insert(0, Choice(source=END[self.language], about=""))
        heading, title = HEADINGS[self.language]

        def chosen(title: str | None) -> None:
            if title in of_title:
                self.start_tour(of_title[title])
            elif title is not None:
                self.end_tour()

        self.app.push_screen(SourceChoices(Problem("usage", title, choices=choices), heading), chosen)

    def start_tour(self, tour: Tour) -> None:
        """Start a tour; its network is opened where another is."""
        self.end_tour()
        self.tour = TourProgress(tour)
        self.mount(TourPanel(self.tour, self.language))
        self._arrange()
        for area in AREAS:
            self.observe("tab", self.shown_tab(area))
        self.observe("comparing", self.compared_to)
        if self.summary is not None and self.summary.source == tour.source:
            self.observe("opened", tour.source)
            self.observe("selected", self.path)
        elif self.summary is not None:
            self.open(tour.source)

    def end_tour(self) -> None:
        """Take the panel away."""
        self.tour = None
        for panel in self.query(TourPanel):
            panel.display = False
            panel.remove()
        self._arrange()

    def action_tour_step(self, steps: int) -> None:
        """Go on in the tour by so many steps, back where they are negative; say so where there is none."""
        if self.tour is None:
            self.status_message("no tour: T shows them")
        elif self.tour.move(steps):
            self._refresh_tour()

    def observe(self, kind: str, value: str) -> None:
        """Take in what is seen or happened, which may be what a step of the tour waits for: see `tours.conditions`."""
        if self.tour is not None and (self.tour.observe(kind, value) or kind == "opened"):
            self._refresh_tour()

    def _refresh_tour(self) -> None:
        for screen in self.app.screen_stack:  # those that lie over this one show the step, too
            for panel in screen.query(TourPanel):
                panel.refresh_step()
