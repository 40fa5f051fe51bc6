"""The rack's configuration: one TOML file, read once, frozen."""

import json
import tomllib
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from appliance.config_contradiction import contradictions, spool_faults, store_faults
from appliance.config_fault import explain, faults_of
from appliance.config_path import anchor_paths
from appliance.config_syntax import syntax_fault
from capture_hw.camera_config import CameraConfig
from capture_hw.encoder_config import EncoderName
from capture_hw.light_config import LightConfig
from inference.crop import CropRectangle
from inference.provider import Provider
from sync.store_config import StoreConfig

_DAY_S: Final = 86_400
_Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="lower-case letters, digits and hyphens, at most 63",
    ),
]
"""A name that stands in topics and object keys."""
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, line and key."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RackSection(_Section):
    """Who and where the rack is."""

    facility: _Slug
    name: _Slug
    data: Path
    state: Path | None = None
    """Ledgers, sockets and logs; `<data>/.state` if not given."""
    utc_offset: Annotated[
        str,
        Field(
            pattern=r"^[+-](0\d|1[0-3]):[0-5]\d$|^[+-]14:00$",
            description='hours and minutes in quotes, such as "+01:00"',
        ),
    ]
    """The facility's standard time, without daylight saving, such as "+01:00"."""


class RecordingSection(_Section):
    """How segments are written."""

    segment_s: int = Field(default=21_600, ge=10, le=_DAY_S)
    """Segments begin at multiples of it since midnight of the facility's standard time."""
    keep_free_gb: float = Field(default=5.0, ge=0)
    """A recorder stops writing when less is free and goes on when there is more again."""
    volume: str | None = Field(default=None, max_length=64)
    """The mark of the volume that belongs under `rack.data`; any, if not given."""
    spool: Path | None = None
    """A folder on another volume, which takes the recordings while the main one refuses them."""
    encoder: EncoderName = "auto"
    """What encodes pictures; auto: the first hardware encoder that opens, else libx264."""
    crf: int = Field(default=28, ge=10, le=40)
    """Constant quality of libx264; a hardware encoder gets what is nearest to it."""
    max_kbit_s: int = Field(default=1500, ge=100, le=50_000)
    """Ceiling of an encoded camera's bit rate: sensor noise would multiply it."""

    @field_validator("segment_s")
    @classmethod
    def _divides_the_day(cls, segment_s: int) -> int:
        if _DAY_S % segment_s:
            raise ValueError(f"must divide a day of {_DAY_S} s, such as 3600 or 21600")
        return segment_s


class CageSection(_Section):
    """One cage, its animal and its camera."""

    number: int = Field(ge=1, le=99)
    animal: str = Field(
        min_length=1, max_length=64, pattern=_PLAIN, description="text without control characters"
    )
    strain: str = Field(
        default="", max_length=64, pattern=_PLAIN, description="text without control characters"
    )
    crop: CropRectangle | None = None
    panel: str | None = None
    """The light panel behind the cage, by its name."""
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

    host: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$",
        description="a host's name or address, without scheme, user or port",
    )
    port: int = Field(default=1883, ge=1, le=65_535)
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None


class AlertSection(_Section):
    """When people are called."""

    disk_hours: tuple[Annotated[float, Field(gt=0)], ...] = (72.0, 24.0, 4.0)
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
    def _agrees_with_itself(self) -> Self:
        if faults := [*contradictions(self)]:
            raise ValidationError.from_exception_data("RackConfig", faults)
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

    Raises ConfigError, whose message has a line for each fault.
    """
    return parse_config(read_bytes(path), path, path.absolute().parent)


def read_bytes(path: Path) -> bytes:
    """Return a configuration as it stands in its file; raises ConfigError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def parse_config(content: bytes, path: Path, folder: Path) -> RackConfig:
    """Validate the content of a configuration, whose relative paths start at `folder`.

    Raises ConfigError, whose message names `path` and has a line for each fault.
    """
    text = _decode(path, content)
    document = _parse(path, text)
    try:
        # By way of JSON, where strict validation still takes lists, paths and times as TOML gives
        # them: without it 1 were true, "3" a number, and 7 seven seconds past midnight.
        config = RackConfig.model_validate_json(
            json.dumps(document, default=_moment_text), strict=True
        )
    except ValidationError as error:
        faults = faults_of(error, RackConfig.model_json_schema(), document)
        raise ConfigError(explain(path, text, faults)) from error
    anchored, faults = anchor_paths(config, folder)
    faults += store_faults(anchored) + spool_faults(anchored)
    if faults:
        raise ConfigError(explain(path, text, faults))
    return anchored


def _moment_text(moment: date | time) -> str:
    """Return a date, time or both as JSON has them; a date alone is its midnight."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.isoformat()


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line}: is not UTF-8 text") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # tomllib's own, or Python's of a number with thousands of digits
        raise ConfigError(f"{path}: {syntax_fault(text, str(error))}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: brackets are nested too deeply") from error
