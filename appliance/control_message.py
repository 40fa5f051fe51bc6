"""What people and programs say to the supervisor: one JSON object a line, both ways.

A request is one line, its answer one line; after `watch` an answer comes again and again.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from appliance.status import History, RackStatus

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


Request: TypeAlias = (
    StatusRequest
    | WatchRequest
    | HistoryRequest
    | StartCageRequest
    | StopCageRequest
    | NoteRequest
    | AcknowledgeRequest
    | StopRackRequest
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
