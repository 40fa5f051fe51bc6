"""What happened on a Modbus line."""

from dataclasses import dataclass


@dataclass(slots=True)
class ModbusCount:
    """Counted since the panel was made, over all openings of its line."""

    sent: int = 0
    """Questions, repeats included."""
    answered: int = 0
    faults: int = 0
    """Times that something was heard which is no answer."""
    openings: int = 0
