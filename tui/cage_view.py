"""What is known of one cage, ready to be drawn at any size."""

from dataclasses import dataclass
from datetime import timezone
from typing import Self

from rich.style import Style

from appliance.status import CageStatus
from tui.condition import Condition, condition_of, is_current, label_sentence
from tui.ink import LEVEL_STYLES, QUIET, Look, code_of
from tui.picture import Picture
from tui.time_text import age_s


@dataclass(frozen=True, slots=True)
class CageView:
    """One cage at one moment."""

    cage: CageStatus
    condition: Condition
    now_utc_ns: int
    is_old: bool
    """Whether the connection is lost, so that nothing here is said of now."""
    zone: timezone
    look: Look

    @classmethod
    def of(cls, cage: CageStatus, picture: Picture, zone: timezone, look: Look) -> Self:
        """Return the view of a cage in a picture that has a status."""
        assert picture.status is not None
        now_utc_ns = picture.status.time_utc_ns
        return cls(cage, condition_of(cage), now_utc_ns, picture.is_old, zone, look)

    @property
    def number(self) -> str:
        """Two digits."""
        return f"{self.cage.cage:02d}"

    @property
    def state(self) -> tuple[str, Style]:
        """Return mark and word of the recording, in doubt if the picture is old."""
        if self.is_old:
            return f"? {self.condition.word.lower()}", QUIET
        return f"{self.condition.mark} {self.condition.word}", LEVEL_STYLES[self.condition.level]

    @property
    def is_troubled(self) -> bool:
        """Whether the recording's sentence matters more than the behavior."""
        return self.condition.level == "bad"

    @property
    def is_current(self) -> bool:
        """Whether the behavior is what the animal does now."""
        return not self.is_old and is_current(self.cage)

    @property
    def behavior(self) -> tuple[str, Style]:
        """Return the behavior's name in its color, gray if it is not what the animal does now."""
        label = self.cage.label
        if label is None or label.behavior is None:
            return "no label yet", QUIET
        code = code_of(label.behavior)
        style = self.look.block(code) if code is not None and self.is_current else QUIET
        return label.behavior, style

    @property
    def behavior_s(self) -> float | None:
        """Return for how long the behavior has lasted, None if nobody knows."""
        label = self.cage.label
        if label is None or label.behavior is None:
            return None
        return age_s(label.since_utc_ns, self.now_utc_ns)

    @property
    def sentence(self) -> str:
        """Return what a person should read about this cage, empty if all is well."""
        if self.condition.sentence:
            return self.condition.sentence
        return label_sentence(self.cage.label) if self.cage.label else ""
