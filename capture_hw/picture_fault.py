"""What can be wrong with a camera's picture."""

from typing import Literal, TypeAlias

PictureFault: TypeAlias = Literal["frozen", "black", "bright", "unfocused", "moved", "obstructed"]
"""bright: over-exposed. unfocused, moved, obstructed: against what commissioning learnt."""
