"""The eight behaviors a simulated mouse shows."""

from typing import Literal

BehaviorName = Literal["drink", "eat", "groom", "hang", "micromovement", "rear", "rest", "walk"]
Fur = Literal["black", "white"]
Routine = Literal["circadian", "busy"]
