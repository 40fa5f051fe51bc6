"""What people and programs say to the supervisor and the lights worker: one JSON object a line.

A request is one line, its answer one line; after `watch` an answer comes again and again.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from appliance.status import History, RackStatus
from capture_hw.panel_config import PanelName

VERSION: Final = 1
"""Of this protocol; both sides say it in every line, and other versions are refused."""
LONGEST_REQUEST: Final = 65_536
"""Bytes of a line, far above the longest note."""
_Author = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Cage = Annotated[int, Field(ge=1, le=99)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Request(_Message):
    version: Literal[1] = VERSION


class StatusRequest(_Request):
    """Asks for the rack's state, once."""

    ask: Literal["status"] = "status"


class WatchRequest(_Request):
    """Asks for the rack's state now and then every `every_s`."""

    ask: Literal["watch"] = "watch"
    every_s: float = Field(ge=0.1, le=3600)


class HistoryRequest(_Request):
    """Asks what the animals did in the last hours."""

    ask: Literal["history"] = "history"
    hours: float = Field(gt=0, le=192)
    """Eight days are kept."""
    bins: int = Field(ge=1, le=2000)


class StartCageRequest(_Request):
    """Lets a cage be recorded again."""

    ask: Literal["start_cage"] = "start_cage"
    cage: _Cage
    author: _Author


class StopCageRequest(_Request):
    """Ends a cage's recording until somebody starts it again."""

    ask: Literal["stop_cage"] = "stop_cage"
    cage: _Cage
    author: _Author


class NoteRequest(_Request):
    """Writes down what a person saw or did."""

    ask: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")
    """Lines and tabs are welcome, other control characters are not."""
    author: _Author
    cage: _Cage | None = None


class AcknowledgeRequest(_Request):
    """Says that a person knows of an alert."""

    ask: Literal["acknowledge"] = "acknowledge"
    alert: str = Field(min_length=1, max_length=200)
    author: _Author


class StopRackRequest(_Request):
    """Ends the whole rack in order."""

    ask: Literal["stop_rack"] = "stop_rack"
    author: _Author


class OverrideLightRequest(_Request):
    """Gives other white light for a time; to the lights worker."""

    ask: Literal["override_light"] = "override_light"
    panel: PanelName
    white_percent: int = Field(ge=0, le=100)
    minutes: float = Field(gt=0, le=24 * 60)
    """The panel's own limit may be lower."""
    reason: str = Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")
    author: _Author


class EndOverrideRequest(_Request):
    """Goes back to the schedule; to the lights worker."""

    ask: Literal["end_override"] = "end_override"
    panel: PanelName
    author: _Author


class DimInfraredRequest(_Request):
    """Dims infrared light for a moment to prove which camera sees a panel; to the lights worker."""

    ask: Literal["dim_infrared"] = "dim_infrared"
    panel: PanelName
    percent: int = Field(ge=0, le=100)
    for_s: float = Field(gt=0, le=2)


class CalibratePanelRequest(_Request):
    """Takes what the sensors read now for what is commanded now; to the lights worker."""

    ask: Literal["calibrate_panel"] = "calibrate_panel"
    panel: PanelName
    author: _Author


Request: TypeAlias = (
    StatusRequest
    | WatchRequest
    | HistoryRequest
    | StartCageRequest
    | StopCageRequest
    | NoteRequest
    | AcknowledgeRequest
    | StopRackRequest
    | OverrideLightRequest
    | EndOverrideRequest
    | DimInfraredRequest
    | CalibratePanelRequest
)
REQUEST: Final[TypeAdapter[Request]] = TypeAdapter(Annotated[Request, Field(discriminator="ask")])


class Answer(_Message):
    """What comes back: exactly one of the four."""

    version: int = VERSION
    status: RackStatus | None = None
    history: History | None = None
    done: str | None = None
    """One sentence about what was done."""
    refused: str | None = None
    """One sentence about why it was not done."""
