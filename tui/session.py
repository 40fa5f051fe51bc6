"""What one dashboard remembers while it runs."""

from dataclasses import dataclass, field
from datetime import timezone
from pathlib import Path
from typing import Final

from appliance.status import CageStatus
from tui.cage_view import CageView
from tui.ink import Look
from tui.panel_view import PanelView, panel_views
from tui.picture import Picture
from tui.planned_light import LightSource, PlannedLight

SPANS_H: Final = (1.0, 3.0, 6.0, 12.0, 24.0, 48.0)
"""How many hours a strip can show."""


@dataclass(slots=True)
class Session:
    """State of the screens; belongs to the thread that draws them."""

    socket: Path
    zone: timezone
    author: str
    picture: Picture
    light: LightSource
    look: Look = field(default_factory=Look)
    hours: float = 6.0
    place: int = 0
    """The selected cage, as a place in the list of cages."""
    panel_place: int = 0
    """The selected light panel, as a place in the list of panels."""
    planned: PlannedLight = field(default_factory=PlannedLight)

    @property
    def cages(self) -> tuple[CageStatus, ...]:
        """Return the cages of the last picture."""
        return self.picture.status.cages if self.picture.status else ()

    @property
    def selected(self) -> CageStatus | None:
        """Return the selected cage, None before the first picture."""
        return self.cages[self.place] if 0 <= self.place < len(self.cages) else None

    @property
    def panels(self) -> list[PanelView]:
        """Return the light panels of the last picture, ready to be drawn."""
        status = self.picture.status
        if status is None:
            return []
        return panel_views(status, self.planned, self.zone, is_old=self.picture.is_old)

    def view(self, cage: CageStatus) -> CageView:
        """Return a cage ready to be drawn."""
        return CageView.of(cage, self.picture, self.zone, self.look)

    def select(self, place: int) -> None:
        """Select the cage at a place, or the closest there is."""
        self.place = max(0, min(place, len(self.cages) - 1))

    def select_panel(self, place: int) -> None:
        """Select the light panel at a place, or the closest there is."""
        self.panel_place = max(0, min(place, len(self.panels) - 1))

    def next_span(self) -> None:
        """Show more hours, after the most the fewest."""
        self.hours = SPANS_H[(SPANS_H.index(self.hours) + 1) % len(SPANS_H)]
