"""The rack's configuration: one TOML file, read once, frozen."""

import tomllib
from datetime import timedelta, timezone
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.config_place import line_of
from capture_hw.camera_config import CameraConfig
from capture_hw.light_config import LightConfig
from inference.crop import CropRectangle
from inference.provider import Provider
from sync.store_config import StoreConfig

_DAY_S: Final = 86_400
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A name that stands in topics and object keys: lower-case letters, digits, hyphens."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, line and key."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RackSection(_Section):
    """Who and where the rack is."""

    facility: _Slug
    name: _Slug
    data: Path
    state: Path | None = None
    """Ledgers, sockets and logs; `<data>/.state` if not given."""
    utc_offset: Annotated[str, Field(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")]
    """The facility's standard time, without daylight saving, such as "+01:00"."""


class RecordingSection(_Section):
    """How segments are written."""

    segment_s: int = Field(default=21_600, ge=10, le=_DAY_S)
    """Segments begin at multiples of it since midnight of the facility's standard time."""
    keep_free_gb: float = Field(default=5.0, ge=0)
    """A recorder stops writing when less is free and goes on when there is more again."""

    @model_validator(mode="after")
    def _divides_the_day(self) -> Self:
        if _DAY_S % self.segment_s:
            raise ValueError(f"segment_s = {self.segment_s} does not divide a day of {_DAY_S} s")
        return self


class CageSection(_Section):
    """One cage, its animal and its camera."""

    number: int = Field(ge=1, le=99)
    animal: str = Field(min_length=1, max_length=64)
    strain: str = Field("", max_length=64)
    crop: CropRectangle | None = None
    camera: CameraConfig

    @property
    def label(self) -> str:
        """Two digits, as in folders, topics and messages."""
        return f"{self.number:02d}"


class ClassifierSection(_Section):
    """Which network labels, and on what."""

    model: str = "ethocnn-lite-simulated"
    """A shipped model's name or a model file."""
    provider: Provider = "auto"
    threads: int = Field(default=1, ge=1, le=64)


class MqttSection(_Section):
    """The broker that events are published to.

    The password is the environment's ETHOPROFILER_MQTT_PASSWORD or the content of `password_file`.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=1883, ge=1, le=65_535)
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None


class AlertSection(_Section):
    """When people are called."""

    disk_hours: tuple[float, ...] = (72.0, 24.0, 4.0)
    lag_s: float = Field(default=300.0, gt=0)
    backlog_hours: float = Field(default=24.0, gt=0)


class RackConfig(_Section):
    """The whole file."""

    rack: RackSection
    recording: RecordingSection = RecordingSection()
    cage: tuple[CageSection, ...] = Field(min_length=1, max_length=99)
    lights: LightConfig = LightConfig()
    classifier: ClassifierSection = ClassifierSection()
    mqtt: MqttSection | None = None
    store: StoreConfig | None = None
    alerts: AlertSection = AlertSection()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        numbers = [cage.number for cage in self.cage]
        for number in numbers:
            if numbers.count(number) > 1:
                raise ValueError(f"cage number {number} is used twice")
        panels = [panel.name for panel in self.lights.panel]
        if len(set(panels)) < len(panels):
            raise ValueError("two panels of [lights] have the same name")
        return self

    @property
    def state(self) -> Path:
        """The folder of ledgers, sockets and logs."""
        return self.rack.state or self.rack.data / ".state"

    @property
    def standard_time(self) -> timezone:
        """The facility's time zone: a fixed offset."""
        sign = -1 if self.rack.utc_offset[0] == "-" else 1
        hours, minutes = self.rack.utc_offset[1:].split(":")
        return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))

    def cage_numbered(self, number: int) -> CageSection:
        """Return a cage; raises ConfigError if there is none of this number."""
        for cage in self.cage:
            if cage.number == number:
                return cage
        raise ConfigError(f"cage {number:02d}: not in the configuration")


def read_config(path: Path) -> RackConfig:
    """Read and validate a configuration; relative paths in it start at its folder.

    Raises ConfigError.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    try:
        config = RackConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(_explain(path, text, error)) from error
    return _anchored(config, path.absolute().parent)


def _explain(path: Path, text: str, error: ValidationError) -> str:
    """Name file, line, key and reason of the first fault, and how many more there are."""
    faults = error.errors()
    fault = faults[0]
    place = tuple(part for part in fault["loc"] if part not in _DRIVER_TAGS)
    key = ".".join(str(part) for part in place) or "the file"
    line = line_of(text, place)
    where = f"{path}: line {line}" if line else f"{path}"
    reason = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
    given = "" if isinstance(fault["input"], dict) else f" (given: {fault['input']!r})"
    more = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"{where}: {key}: {reason}{given}{more}"


_DRIVER_TAGS: Final = frozenset({"simulated", "replay", "stream", "s3", "folder"})
"""What pydantic puts into a place for the chosen member of a union; not a key of the file."""


def _anchored(config: RackConfig, folder: Path) -> RackConfig:
    """Return the configuration with every relative path made absolute from `folder`."""
    rack = config.rack.model_copy(
        update={
            "data": folder / config.rack.data,
            "state": folder / config.rack.state if config.rack.state else None,
        }
    )
    cages = tuple(
        cage.model_copy(
            update={"camera": cage.camera.model_copy(update={"file": folder / cage.camera.file})}
        )
        if cage.camera.driver == "replay"
        else cage
        for cage in config.cage
    )
    store = config.store
    if store is not None and store.kind == "folder":
        store = store.model_copy(update={"path": folder / store.path})
    return config.model_copy(update={"rack": rack, "cage": cages, "store": store})
