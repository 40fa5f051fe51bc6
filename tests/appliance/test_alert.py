"""Alerts: rules, hysteresis, acknowledgement, and the ledger they are kept in."""

import time
from pathlib import Path
from typing import Any

import pytest

from appliance.alarm import Alarm
from appliance.alert import AlertBook, Finding
from appliance.alert_rule import findings
from appliance.config import AlertSection
from appliance.gap_growth import GapGrowth
from appliance.ledger_writer import LedgerFull, LedgerWriter
from appliance.outbox import Event, Outbox
from appliance.rack_path import event_ledger
from appliance.report import LightsDetail, PanelDetail, PublisherDetail, UploaderDetail
from appliance.status import DiskStatus, RackStatus
from tests.appliance.rack_factory import (
    HOUR_NS,
    alert_status,
    cage_label,
    cage_status,
    rack,
    rack_status,
    recorder_detail,
    worker_status,
)

NOW_NS = 1_795_000_000_000_000_000
STALLED = Finding("cage-01-stalled", "camera", "critical", "cage 01: no frame for 2 s")


def found(status: RackStatus, gaps: dict[int, int] | None = None) -> list[tuple[str, str, str]]:
    """Return id, severity and text of what the rules find."""
    listed = findings(status, AlertSection(), gaps or {})
    return [(finding.id, finding.severity, finding.text) for finding in listed]


def one_cage(**changes: object) -> RackStatus:
    return rack_status(cages=(cage_status(1, **changes),))


def uploader(**changes: object) -> UploaderDetail:
    detail = UploaderDetail(
        store="s3://mice",
        reachable=True,
        waiting_files=0,
        waiting_bytes=0,
        verified_files=9,
        last_verified_utc_ns=NOW_NS,
        bytes_per_s=0.0,
        conflicts=0,
    )
    return detail.model_copy(update=changes)


def lights(reason: str) -> LightsDetail:
    panel = PanelDetail(
        panel="top",
        phase="light",
        white_scheduled=60,
        white_commanded=60,
        ir_commanded=100,
        white_measured=0,
        ir_measured=100,
        next_change_utc_ns=NOW_NS,
        reason=reason,
    )
    return LightsDetail(phase="light", zt_h=1.0, next_change_utc_ns=NOW_NS, panels=(panel,))


def publisher(reason: str) -> PublisherDetail:
    return PublisherDetail(broker="mq:1883", connected=False, reason=reason, waiting=7, published=1)


def test_a_rack_in_order_calls_nobody() -> None:
    assert found(rack_status(10)) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            one_cage(recorder=recorder_detail(state="stalled", reason="no frame for 2.0 s")),
            ("cage-01-stalled", "critical", "cage 01: no frame for 2.0 s"),
        ),
        (
            one_cage(recorder=recorder_detail(state="lost", reason="the camera is gone")),
            ("cage-01-lost", "critical", "cage 01: the camera is gone"),
        ),
        (
            one_cage(recorder=recorder_detail(state="storage")),
            ("cage-01-storage", "critical", "cage 01: storage"),
        ),
        (
            one_cage(
                recorder=None, worker=worker_status("recorder-01", state="failed", reason="ended")
            ),
            ("cage-01-recorder", "critical", "cage 01: not recorded: ended"),
        ),
        (
            one_cage(label=cage_label(1, fault="01_x.mkv: empty")),
            ("cage-01-labels", "warning", "cage 01: 01_x.mkv: empty"),
        ),
        (
            one_cage(label=cage_label(1, lag_s=301.0)),
            ("cage-01-lag", "warning", "cage 01: labels are 301 s behind"),
        ),
        (
            rack_status(1, workers=(worker_status("lights", state="failed", reason="hung"),)),
            ("worker-lights", "critical", "lights: does not run: hung"),
        ),
        (
            rack_status(1, lights=lights("no answer for 3 s")),
            ("panel-top", "critical", "panel top: no answer for 3 s"),
        ),
        (
            rack_status(1, publisher=publisher("connection refused")),
            ("broker-away", "warning", "broker mq:1883: connection refused"),
        ),
        (
            rack_status(1, uploader=uploader(reachable=False)),
            ("store-away", "warning", "store s3://mice: not reachable"),
        ),
        (
            rack_status(1, uploader=uploader(conflicts=2)),
            (
                "upload-conflict",
                "critical",
                "store s3://mice: 2 files differ from what lies there",
            ),
        ),
        (
            rack_status(
                1, uploader=uploader(waiting_files=3, last_verified_utc_ns=NOW_NS - 25 * HOUR_NS)
            ),
            (
                "upload-backlog",
                "warning",
                "store s3://mice: 3 files wait, none was verified for 24 h",
            ),
        ),
        (
            rack_status(1, clock_synchronized=False),
            ("clock", "warning", "clock: not synchronized; times in the data may be wrong"),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_found(status: RackStatus, expected: tuple[str, str, str]) -> None:
    assert found(status) == [expected]


def test_a_cage_that_a_person_stopped_calls_nobody() -> None:
    stopped = worker_status("recorder-01", state="stopped", pid=None)
    assert found(one_cage(wanted=False, recorder=None, worker=stopped)) == []


def test_labels_of_a_cage_without_pictures_are_not_late() -> None:
    status = one_cage(
        recorder=recorder_detail(state="stalled", reason="no frame"),
        label=cage_label(1, lag_s=9999.0),
    )
    assert [alert_id for alert_id, _, _ in found(status)] == ["cage-01-stalled"]


@pytest.mark.parametrize(
    ("hours", "ids"),
    [
        (72.0, []),
        (71.9, ["disk-72h"]),
        (23.9, ["disk-72h", "disk-24h"]),
        (3.9, ["disk-72h", "disk-24h", "disk-4h"]),
        (None, []),
    ],
)
def test_the_disk_calls_at_each_limit(hours: float | None, ids: list[str]) -> None:
    disk = DiskStatus(free_bytes=1, total_bytes=2, hours_left=hours)
    assert [alert_id for alert_id, _, _ in found(rack_status(1, disk=disk))] == ids


def test_a_segment_that_cannot_end_is_a_warning() -> None:
    complaint = "01_20261122_060000: goes on past its end, the camera makes no key frame"
    endless = one_cage(recorder=recorder_detail(complaint=complaint))
    assert found(endless) == [("cage-01-segment", "warning", f"cage 01: {complaint}")]


def test_a_recorder_that_uses_the_spool_is_a_warning_with_its_reason() -> None:
    reason = "recording to the spool: /data/01: is on a volume that is mounted read-only"
    spooling = one_cage(recorder=recorder_detail(reason=reason))
    assert found(spooling) == [("cage-01-spool", "warning", f"cage 01: {reason}")]


def test_the_spool_calls_at_each_limit_only_while_it_is_in_use() -> None:
    spool = DiskStatus(free_bytes=1, total_bytes=2, hours_left=20.0)
    assert found(rack_status(1, spool=spool)) == []
    recorder = recorder_detail(reason="recording to the spool: the disk is full")
    spooling = rack_status(cages=(cage_status(1, recorder=recorder),), spool=spool)
    assert found(spooling)[1:] == [
        ("spool-72h", "warning", "spool: full in 20.0 h at the rate of the last hour"),
        ("spool-24h", "warning", "spool: full in 20.0 h at the rate of the last hour"),
    ]


def test_only_the_last_disk_limit_is_critical() -> None:
    disk = DiskStatus(free_bytes=1, total_bytes=2, hours_left=1.0)
    severities = [severity for _, severity, _ in found(rack_status(1, disk=disk))]
    assert severities == ["warning", "warning", "critical"]


def test_a_row_of_gaps_calls_and_a_single_one_does_not() -> None:
    assert found(rack_status(1), {1: 2}) == []
    assert found(rack_status(1), {1: 3}) == [
        ("cage-01-gaps", "warning", "cage 01: 3 gaps in the last ten minutes")
    ]


def test_gaps_are_counted_over_ten_minutes_and_over_restarts() -> None:
    growth = GapGrowth()

    def take(gaps: int, now_s: float) -> int:
        return growth.take(one_cage(recorder=recorder_detail(gaps=gaps)), now_s)[1]

    assert take(50, 0.0) == 0, "gaps from before the supervisor's start are not new"
    assert take(52, 20.0) == 2
    assert take(1, 40.0) == 3, "a recorder that was started again counts from zero"
    assert take(1, 630.0) == 1
    assert take(1, 700.0) == 0


def book(*open_alerts: Any) -> AlertBook:
    return AlertBook(open_alerts, 0.0)


def test_an_alert_opens_once_and_ends_when_the_cause_has_been_gone() -> None:
    alerts = book()
    (opened,) = alerts.update([STALLED], 1.0, NOW_NS)
    assert opened[0] == "cage-01-stalled"
    assert opened[1] is not None
    assert opened[1].since_utc_ns == NOW_NS
    assert alerts.update([STALLED], 2.0, NOW_NS + 1) == []
    assert alerts.update([], 3.0, NOW_NS + 2) == []
    assert len(alerts.open_alerts()) == 1
    assert alerts.update([], 17.1, NOW_NS + 3) == [("cage-01-stalled", None)]
    assert alerts.open_alerts() == ()


def test_a_cause_that_flutters_is_told_once() -> None:
    alerts = book()
    told = []
    for second in range(600):
        told += alerts.update([STALLED] if second % 10 < 5 else [], float(second), NOW_NS)
    assert len(told) == 1


def test_a_cause_must_last_before_people_are_told() -> None:
    alerts = book()
    away = Finding("broker-away", "broker", "warning", "away", after_s=60.0)
    assert alerts.update([away], 0.0, NOW_NS) == []
    assert alerts.update([], 30.0, NOW_NS) == []
    assert alerts.update([away], 31.0, NOW_NS + 31) == []
    assert alerts.update([away], 90.0, NOW_NS + 90) == []
    ((_, alert),) = alerts.update([away], 91.0, NOW_NS + 91)
    assert alert is not None
    assert alert.since_utc_ns == NOW_NS + 31, "since the cause began, not since it was told"


def test_an_acknowledgement_lasts_until_the_cause_is_gone() -> None:
    alerts = book()
    alerts.update([STALLED], 0.0, NOW_NS)
    assert alerts.acknowledge("cage-01-stalled") is not None
    alerts.update([STALLED], 1.0, NOW_NS)
    assert alerts.open_alerts()[0].acknowledged
    alerts.update([], 20.0, NOW_NS)
    ((_, again),) = alerts.update([STALLED], 21.0, NOW_NS)
    assert again is not None
    assert not again.acknowledged
    assert alerts.acknowledge("cage-02-stalled") is None


def test_what_a_predecessor_told_is_not_told_again() -> None:
    alerts = book(alert_status("cage-01-stalled", acknowledged=True), alert_status("disk-4h"))
    assert alerts.update([STALLED], 1.0, NOW_NS) == []
    assert alerts.open_alerts()[0].acknowledged
    assert alerts.update([STALLED], 16.0, NOW_NS) == [("disk-4h", None)]


def test_the_worst_alert_comes_first() -> None:
    alerts = book()
    clock = Finding("clock", "clock", "warning", "not synchronized")
    alerts.update([clock, STALLED], 0.0, NOW_NS)
    assert [alert.id for alert in alerts.open_alerts()] == ["cage-01-stalled", "clock"]


def test_an_alert_and_its_event_are_stored_together(tmp_path: Path) -> None:
    config = rack(tmp_path, 1)
    ledger = LedgerWriter(event_ledger(config))
    alarm = Alarm(config, ledger, ledger.start())
    alarm.judge(rack_status(1, clock_synchronized=False), [STALLED], 100.0)
    alarm.acknowledge("cage-01-stalled")
    ledger.close(5)
    successor = LedgerWriter(event_ledger(config))
    open_alerts = successor.start()
    successor.close(5)
    assert [(alert.id, alert.acknowledged) for alert in open_alerts] == [("cage-01-stalled", True)]
    with Outbox(event_ledger(config)) as outbox:
        (event,) = [e for e in outbox.waiting(0, 10) if '"acknowledged":true' in e.body]
    assert event.topic == "alert/cage-01-stalled"
    assert event.retained
    assert '"schema":"ethoprofiler.alert/1"' in event.body
    assert '"kind":"camera","severity":"critical"' in event.body


def test_a_ledger_that_refuses_is_a_fault_and_loses_nothing_in_the_end(tmp_path: Path) -> None:
    config = rack(tmp_path, 1)
    path = event_ledger(config)
    path.mkdir(parents=True)
    ledger = LedgerWriter(path)
    alarm = Alarm(config, ledger, ledger.start())
    alarm.judge(rack_status(1), [STALLED], 100.0)
    assert ledger.fault == "events.sqlite: takes no events: unable to open database file"
    path.rmdir()
    deadline_s = time.monotonic() + 10
    while ledger.fault and time.monotonic() < deadline_s:
        time.sleep(0.02)
    ledger.close(5)
    with Outbox(path) as outbox:
        assert [event.topic for event in outbox.waiting(0, 10)] == ["alert/cage-01-stalled"]


def test_a_ledger_that_refuses_for_long_holds_a_bounded_queue(tmp_path: Path) -> None:
    config = rack(tmp_path, 1)
    event_ledger(config).mkdir(parents=True)
    ledger = LedgerWriter(event_ledger(config))
    alarm = Alarm(config, ledger, ledger.start())
    for second in range(2000):
        alarm.judge(rack_status(1), [STALLED] if second % 40 < 20 else [], float(second))
    note = Event("note", "ethoprofiler.note/1", NOW_NS, 0.0, None, retained=False)
    for _ in range(999):
        ledger.put(note)
    with pytest.raises(LedgerFull, match="takes no events"):
        ledger.put(note)
    assert len(ledger._waiting) == 1000
    ledger.close(0.1)
