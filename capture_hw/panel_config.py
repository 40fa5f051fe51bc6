"""What the configuration says about one light panel."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

PanelFaultKind: TypeAlias = Literal["silent", "white-dark", "white-on", "ir-dark"]
PanelName: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,30}$",
        description="lower-case letters, digits and hyphens, at most 31",
    ),
]
PortName: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^/.+|^usb:[0-9a-f]{4}:[0-9a-f]{4}(:[^:\x00-\x20]+)?$",
        description=(
            'a path such as "/dev/serial/by-id/...", or "usb:VENDOR:PRODUCT" or '
            '"usb:VENDOR:PRODUCT:SERIAL" in lower-case hexadecimal'
        ),
    ),
]
"""A serial port: where it is, or which USB adapter it is, wherever it is plugged in."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PanelFault(_Section):
    """A fault that a simulated panel shows on request; seconds since it was opened.

    silent: it answers nothing and gives light as scheduled. white-dark, ir-dark: the lamps give no
    light. white-on: the white lamps cannot be switched off.
    """

    kind: PanelFaultKind
    after_s: float = Field(ge=0)
    for_s: float = Field(gt=0)


class SimulatedPanelConfig(_Section):
    """A panel of software that speaks the serial protocol on a pseudo-terminal."""

    name: PanelName
    driver: Literal["simulated"]
    light_file: Path | None = None
    """Where it writes what it shines, for simulated cameras before it."""
    faults: tuple[PanelFault, ...] = ()


class SerialPanelConfig(_Section):
    """A panel with a controller of its own that speaks the serial protocol."""

    name: PanelName
    driver: Literal["serial"]
    port: PortName
    serial_number: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,24}$")
    """What the panel must call itself; another one on the port is refused."""


class ModbusPanelConfig(_Section):
    """A dimmer on Modbus RTU, which keeps no schedule: white light stays as the host left it."""

    name: PanelName
    driver: Literal["modbus"]
    port: PortName
    baud: int = Field(default=19_200, ge=1200, le=115_200)
    parity: Literal["none", "even", "odd"] = "even"
    unit: int = Field(default=1, ge=1, le=247)
    white_register: int = Field(ge=0, le=65_535)
    """Holding register, counted from 0, that sets white light."""
    ir_register: int = Field(ge=0, le=65_535)
    full_scale: int = Field(default=1000, ge=10, le=65_535)
    """The register's value for 100 %."""
    white_sensor_register: int | None = Field(default=None, ge=0, le=65_535)
    """Input register, counted from 0, with what is measured on the same scale."""
    ir_sensor_register: int | None = Field(default=None, ge=0, le=65_535)

    @model_validator(mode="after")
    def _has_two_lamps(self) -> Self:
        if self.white_register == self.ir_register:
            raise ValueError("`white_register` and `ir_register` are the same register")
        return self


PanelConfig: TypeAlias = Annotated[
    SimulatedPanelConfig | SerialPanelConfig | ModbusPanelConfig,
    Field(discriminator="driver"),
]
