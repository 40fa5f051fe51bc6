"""What threads and screens tell the program."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from appliance.control_client import ControlClient
from tui.picture import Picture
from tui.planned_light import PlannedLight


@dataclass
class NewPicture(Message):
    """The feed has something to show."""

    picture: Picture


@dataclass
class Perform(Message):
    """A person wants something done; it returns what was done, in one sentence."""

    command: Callable[[ControlClient], str]
    is_about_light: bool = False
    """Then the lights worker is told, else the supervisor."""


@dataclass
class Performed(Message):
    """It was done, or not."""

    sentence: str
    succeeded: bool


@dataclass
class PlansRead(Message):
    """The plans of the panels were read from the disk."""

    planned: PlannedLight


@dataclass
class LookChanged(Message):
    """Everything must be drawn again, and perhaps another history fetched."""
