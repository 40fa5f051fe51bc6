"""From looks at panels to what is told of them: events for readers, rows for the light record."""

from dataclasses import dataclass, replace
from typing import Final

from appliance.event import LightsCause, LightsPayload, OverridePayload, rfc3339
from appliance.light_record import LightCause, LightRow
from appliance.outbox import Event
from appliance.panel_look import PanelLook
from appliance.report import PanelDetail, PanelOverride
from appliance.sentence import wording

_SCHEMA: Final = "ethoprofiler.lights/2"
_SENSOR_NOISE: Final = 5
"""Percent points by which a measured level may move before it is told again."""
_RAMP_NS: Final = 60_000_000_000
"""In a ramp light is told once a minute."""
_MINUTE_NS: Final = 60_000_000_000
_CLEAR_NS: Final = 5_000_000_000
"""A reason that comes back within this time was never gone: a sensor at its limit flutters."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one look gives; mostly nothing, once a minute a row."""

    events: tuple[Event, ...]
    rows: tuple[LightRow, ...]


class LightTeller:
    """Remembers what was told of each panel; one thread at a time."""

    def __init__(self) -> None:
        self._told: dict[str, PanelLook] = {}
        self._newest: dict[str, PanelLook] = {}
        self._minute: dict[str, int] = {}
        self._reason_ns: dict[str, int] = {}
        """When each panel had a reason last."""

    def take(self, look: PanelLook) -> Told:
        """Return what is news in a look, in the order in which it happened."""
        name = look.detail.panel
        told = self._told.get(name)
        if look.detail.reason:
            self._reason_ns[name] = look.utc_ns
        is_gone = abs(look.utc_ns - self._reason_ns.get(name, 0)) >= _CLEAR_NS
        news = _news(told, look, is_gone=is_gone)
        self._newest[name] = look
        rows = [_row(look, cause, author, text) for cause, author, text in news]
        if news:
            self._told[name] = look
        minute = look.utc_ns // _MINUTE_NS
        if not rows and minute != self._minute.get(name):
            rows.append(_row(look, "minute", "", look.detail.reason))
        self._minute[name] = minute
        return Told(tuple(_event(look, cause) for cause, _author, _text in news), tuple(rows))

    def farewell(self, utc_ns: int) -> list[LightRow]:
        """Return the last rows of a worker that stops: light goes on, nobody looks any more."""
        rows = [_row(look, "stop", "", "") for look in self._newest.values()]
        return [replace(row, utc_ns=max(utc_ns, row.utc_ns)) for row in rows]


def _news(
    told: PanelLook | None, look: PanelLook, *, is_gone: bool
) -> list[tuple[LightsCause, str, str]]:
    """Return why this look is told: cause, author, text; empty if it is not.

    `is_gone`: whether there has been no reason for some seconds.
    """
    detail = look.detail
    news: list[tuple[LightsCause, str, str]] = []
    if told is None:
        news.append(("start", "", detail.reason))
    news += [(one.cause, one.author, one.text) for one in look.happenings]
    if told is None:
        return news
    before = told.detail
    if before.phase != detail.phase or (not news and _is_scheduled_change(told, look)):
        news.append(("schedule", "", ""))
    is_other_reason = wording(before.reason) != wording(detail.reason) and (
        bool(detail.reason) or is_gone
    )
    if is_other_reason or (not news and _is_other_light(told, look)):
        news.append(("reason", "", detail.reason or _lost_sensor(before, detail)))
    return news


def _is_scheduled_change(told: PanelLook, look: PanelLook) -> bool:
    """Whether the schedule has changed the light, or a ramp goes on for another minute."""
    before, now = told.detail, look.detail
    if before.override is not None or now.override is not None:
        return False
    if told.is_ramp != look.is_ramp:
        return True
    if before.white_scheduled == now.white_scheduled:
        return False
    return not look.is_ramp or look.utc_ns - told.utc_ns >= _RAMP_NS


def _is_other_light(told: PanelLook, look: PanelLook) -> bool:
    """Whether levels are not what was told, for no reason that is known."""
    before, now = told.detail, look.detail
    if _is_other(before.ir_commanded, now.ir_commanded, 0):
        return True
    if _is_other(before.ir_measured, now.ir_measured, _SENSOR_NOISE):
        return True
    if look.is_ramp and look.utc_ns - told.utc_ns < _RAMP_NS:
        return _is_unknown(before) != _is_unknown(now)
    return _is_other(before.white_commanded, now.white_commanded, 0) or _is_other(
        before.white_measured, now.white_measured, _SENSOR_NOISE
    )


def _lost_sensor(before: PanelDetail, now: PanelDetail) -> str:
    """Return which light of a panel that answers is measured no longer; empty if none is."""
    if _is_unknown(before) or _is_unknown(now):
        return ""
    lost = [
        light
        for light, was, is_now in (
            ("white", before.white_measured, now.white_measured),
            ("infrared", before.ir_measured, now.ir_measured),
        )
        if was is not None and is_now is None
    ]
    return f"{' and '.join(lost)} light is no longer measured" if lost else ""


def _is_other(before: int | None, now: int | None, noise: int) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(before - now) > noise


def _is_unknown(detail: PanelDetail) -> bool:
    return detail.white_commanded is None


def _event(look: PanelLook, cause: LightsCause) -> Event:
    detail = look.detail
    change_ns = detail.next_change_utc_ns
    return Event(
        topic=f"lights/{detail.panel}",
        schema=_SCHEMA,
        time_utc_ns=look.utc_ns,
        zt_h=look.zt_h,
        payload=LightsPayload(
            cause=cause,
            phase=detail.phase,
            white_scheduled=detail.white_scheduled,
            white_commanded=detail.white_commanded,
            ir_commanded=detail.ir_commanded,
            white_measured=detail.white_measured,
            ir_measured=detail.ir_measured,
            next_change=None if change_ns is None else rfc3339(change_ns),
            override=None if detail.override is None else _override(detail.override),
            reason=detail.reason,
        ),
        retained=True,
    )


def _override(running: PanelOverride) -> OverridePayload:
    return OverridePayload(
        white_percent=running.white_percent,
        until=rfc3339(running.until_utc_ns),
        author=running.author,
        reason=running.reason,
    )


def _row(look: PanelLook, cause: LightCause, author: str, text: str) -> LightRow:
    detail = look.detail
    return LightRow(
        utc_ns=look.utc_ns,
        panel=detail.panel,
        cause=cause,
        phase=detail.phase,
        zt_h=look.zt_h,
        white_scheduled=detail.white_scheduled,
        white_commanded=detail.white_commanded,
        white_measured=detail.white_measured,
        ir_commanded=detail.ir_commanded,
        ir_measured=detail.ir_measured,
        clock_off_s=detail.clock_off_s,
        author=author,
        text=text,
    )
