"""The light report of a day, as programs read it.

JSON Schema: `docs/schemas/light-report.json`, written by `scripts/write_schemas.py`.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from appliance.light_report_deviation import SWITCH_S, DeviationKind
from appliance.light_report_piece import LEVEL_POINTS, ROW_VOUCHES_S, Hole
from appliance.light_report_switch import SwitchNote
from capture_hw.light_config import LEAST_IR_PERCENT
from capture_hw.photoperiod import Phase

Verdict: TypeAlias = Literal["as planned", "not as planned", "not fully observed"]
UNSEEN_S: Final = 60.0
"""Unobserved time of a panel and day that does not change the verdict, such as of a restart."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


class Tolerances(_Part):
    """What the verdict lets pass."""

    level_points: int = LEVEL_POINTS
    """Percent points between a level and what was due; a sensor's reading up to it is darkness."""
    switch_s: int = SWITCH_S
    """Not judged so long before and after a change."""
    row_vouches_s: int = ROW_VOUCHES_S
    """A longer time without a row is not observed, from the row on."""
    unseen_s: float = UNSEEN_S
    """Unobserved time that does not change the verdict."""
    least_ir_percent: int = LEAST_IR_PERCENT
    """Infrared light below it is a deviation."""


class RecordFacts(_Part):
    """The file that the report is made from."""

    file: str
    sha256: str
    rows: int
    """Of all panels."""
    damaged_lines: tuple[int, ...]
    """Numbers, from 1, of lines that are no rows."""
    backward_rows: int
    """Rows that are earlier than one before them: this machine's clock was set back."""


class SwitchEntry(_Part):
    """Lights on or off that were due; times are RFC 3339, UTC, null if not seen."""

    to: Phase
    due: str
    commanded: str | None
    measured: str | None
    """Also null without a sensor."""
    commanded_late_s: float | None
    """Negative if it was early."""
    measured_late_s: float | None
    is_ramp: bool
    """Light rises or falls slowly: it is seen when it reaches 1 %, measured above 5 %."""
    note: SwitchNote


class DeviationEntry(_Part):
    """A stretch in which light was not as due, or not as an override asked for."""

    kind: DeviationKind
    begin: str
    end: str
    length_s: float
    worst_percent: int | None
    """Null for light at another time."""
    clock_off_s: float | None
    """By how much the panel's clock was ahead at the worst; only for light at another time."""


class UnobservedEntry(_Part):
    """A stretch of which nothing is known; it is never counted as good."""

    cause: Hole
    begin: str
    end: str
    length_s: float


class OverrideEntry(_Part):
    """White light that a technician asked for."""

    author: str
    """Empty if nobody here ordered it."""
    reason: str
    white_percent: int | None
    phase: Phase
    """That was due when it began."""
    begin: str
    """It may lie in the day before."""
    end: str | None
    """Null if it was not over by the end of the report."""
    length_s: float
    """Within the report."""
    how_it_ended: str


class DisagreementEntry(_Part):
    """What the program said of the panel."""

    text: str
    begin: str
    end: str | None
    length_s: float
    """Within the report."""


class ClockFacts(_Part):
    """The panel's clock against this machine's."""

    worst_off_s: float | None
    """The largest difference, panel minus machine; null if it was never read."""
    worst_at: str | None
    sets: int
    """How often it was set."""


class RebootEntry(_Part):
    """A new start of the panel's controller."""

    time: str
    text: str


class PanelReport(_Part):
    """One panel's day."""

    panel: str
    verdict: Verdict
    sentence: str
    due_from: Literal["configuration", "record"]
    """Where the due changes are from; `record` if the configuration says otherwise today."""
    light_due_s: float
    """By the record only what was observed, as the next one."""
    dark_due_s: float
    light_s: float
    """Observed, by the sensor or, without one, by the command."""
    dark_s: float
    unobserved_s: float
    has_white_sensor: bool
    """Whether it measured white light in any row of the day."""
    unmeasured_s: float
    """Observed by the command only: the sensor for white light gave nothing."""
    has_ir_sensor: bool
    switches: tuple[SwitchEntry, ...]
    deviations: tuple[DeviationEntry, ...]
    unobserved: tuple[UnobservedEntry, ...]
    overrides: tuple[OverrideEntry, ...]
    disagreements: tuple[DisagreementEntry, ...]
    clock: ClockFacts
    reboots: tuple[RebootEntry, ...]


class LightReport(_Part):
    """All panels of a rack on one day; the same record and configuration give the same report."""

    schema_name: Annotated[
        Literal["ethoprofiler.light-report/1"], Field(alias="schema", serialization_alias="schema")
    ] = "ethoprofiler.light-report/1"
    facility: str
    rack: str
    day: str
    """In the facility's standard time."""
    utc_offset: str
    begin: str
    end: str
    """The end of the day, or the moment of the report while the day lasts."""
    is_finished: bool
    """Whether the day is over and its rows are written."""
    verdict: Verdict
    sentence: str
    remarks: tuple[str, ...]
    tolerances: Tolerances = Tolerances()
    record: RecordFacts
    panels: tuple[PanelReport, ...]


class Signature(_Part):
    """That a person has read and accepted the report of a day."""

    name: str
    time: str
    """RFC 3339, UTC."""
    record_sha256: str
    """Of the day's file."""
    report_sha256: str
    """Of `report`, as JSON with sorted keys and without blanks, in UTF-8."""
    verdict: Verdict
    sentence: str
    software: str


class LightReportDocument(_Part):
    """A report with what people have said to it."""

    report: LightReport
    report_sha256: str
    signatures: tuple[Signature, ...]
    record_is_as_signed: bool | None
    """Null without a signature."""
    record_has_only_grown: bool | None
    """Whether all that was signed is the record or its beginning; null without a signature."""
    report_is_as_signed: bool | None
    """False if software or configuration make another report of the same record now."""
