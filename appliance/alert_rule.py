"""When people are called: from the rack's state to what is wrong with it, without memory."""

from collections.abc import Iterator, Mapping
from typing import Final

from appliance.alert import Finding
from appliance.config import AlertSection
from appliance.light_cross_check import unseen_light
from appliance.picture_alert import picture_findings
from appliance.report import RecorderDetail
from appliance.sentence import about
from appliance.status import CageStatus, DiskStatus, RackStatus, Severity, WorkerStatus
from capture_hw.storage_room import SPOOLING

_HOUR_NS: Final = 3_600_000_000_000
_PANEL_S: Final = 1.0
_RECORD_S: Final = 30.0
_OPENING_S: Final = 30.0
_BROKER_S: Final = 60.0
_STORE_S: Final = 600.0
_LAG_S: Final = 10.0
_CLOCK_S: Final = 60.0
_BACKLOG_S: Final = 600.0
_DISK_S: Final = 5.0
_DISK_CLEAR_S: Final = 600.0
"""A forecast wavers with the animals' sleep."""
_MOST_GAPS: Final = 3
"""In the last ten minutes; a single gap is in the manifest, a row of them is a cable."""
_LIGHT_IS_RIGHT: Final = (
    "it was started again",
    "opening its line resets it",
    "another program was on it and ours was uploaded again",
    "its clock does not keep time",
    "its clock cannot be",
    "its clock was set from",
    "somebody else talks to it",
    "its line is bad",
)
"""Reasons of a panel that are said only if the light is as it should be."""


def findings(
    status: RackStatus,
    limits: AlertSection,
    gaps_lately: Mapping[int, int],
) -> list[Finding]:
    """Return what is wrong now. `gaps_lately`: each cage's new gaps in the last ten minutes."""
    return [
        *(finding for cage in status.cages for finding in _of_cage(cage, limits, gaps_lately)),
        *_of_workers(status.workers),
        *_of_lights(status),
        *unseen_light(status),
        *_of_disk(status, limits),
        *_of_publisher(status),
        *_of_uploader(status, limits),
        *_of_clock(status),
    ]


def _of_cage(
    cage: CageStatus, limits: AlertSection, gaps_lately: Mapping[int, int]
) -> Iterator[Finding]:
    name, subject = f"cage-{cage.cage:02d}", f"cage {cage.cage:02d}"
    if not cage.wanted:
        return
    if cage.worker.state == "failed":
        text = f"{subject}: not recorded: {cage.worker.reason}"
        yield Finding(f"{name}-recorder", "worker", "critical", text)
    recorder = cage.recorder
    if recorder is not None and recorder.state != "recording":
        kind = "storage" if recorder.state == "storage" else "camera"
        text = about(subject, subject, recorder.reason or recorder.state)
        wait_s = _OPENING_S if recorder.state == "opening" else 0.0
        yield Finding(f"{name}-{recorder.state}", kind, "critical", text, wait_s)
    if recorder is not None and _is_spooling(recorder):
        text = about(subject, subject, recorder.reason)
        yield Finding(f"{name}-spool", "storage", "warning", text)
    if recorder is not None and recorder.complaint:
        text = about(subject, subject, recorder.complaint)
        yield Finding(f"{name}-segment", "camera", "warning", text)
    if (gaps := gaps_lately.get(cage.cage, 0)) >= _MOST_GAPS:
        text = f"{subject}: {gaps} gaps in the last ten minutes"
        yield Finding(f"{name}-gaps", "gaps", "warning", text)
    yield from picture_findings(cage)
    label = cage.label
    if label is not None and label.fault:
        text = about(subject, subject, label.fault)
        yield Finding(f"{name}-labels", "labels", "warning", text)
    recording = recorder is not None and recorder.state == "recording"
    if recording and label is not None and label.lag_s > limits.lag_s:
        text = f"{subject}: labels are {label.lag_s:.0f} s behind"
        yield Finding(f"{name}-lag", "labels", "warning", text, _LAG_S)


def _of_workers(workers: tuple[WorkerStatus, ...]) -> Iterator[Finding]:
    for worker in workers:
        if worker.state == "failed":
            text = f"{worker.name}: does not run: {worker.reason}"
            yield Finding(f"worker-{worker.name}", "worker", "critical", text)


def _of_lights(status: RackStatus) -> Iterator[Finding]:
    for panel in status.lights.panels if status.lights else ():
        if panel.reason:
            text = about(f"panel {panel.panel}", f"panel {panel.panel}", panel.reason)
            severity = severity_of(panel.reason)
            yield Finding(f"panel-{panel.panel}", "lights", severity, text, _PANEL_S)
    if status.lights is not None and status.lights.record_fault:
        text = about("light record", "light record", status.lights.record_fault)
        yield Finding("light-record", "storage", "warning", text, _RECORD_S)


def severity_of(reason: str) -> Severity:
    """Return how bad a panel's reason is, `panel left: its line is bad: ...`."""
    clause = reason.partition(": ")[2]
    return "warning" if clause.startswith(_LIGHT_IS_RIGHT) else "critical"


def _of_disk(status: RackStatus, limits: AlertSection) -> Iterator[Finding]:
    yield from _of_volume("disk", status.disk, limits)
    if any(cage.recorder and _is_spooling(cage.recorder) for cage in status.cages):
        yield from _of_volume("spool", status.spool, limits)


def _of_volume(name: str, volume: DiskStatus | None, limits: AlertSection) -> Iterator[Finding]:
    left_h = volume.hours_left if volume else None
    if left_h is None:
        return
    for limit_h in limits.disk_hours:
        if left_h < limit_h:
            severity: Severity = "critical" if limit_h == min(limits.disk_hours) else "warning"
            text = f"{name}: full in {left_h:.1f} h at the rate of the last hour"
            yield Finding(f"{name}-{limit_h:g}h", "disk", severity, text, _DISK_S, _DISK_CLEAR_S)


def _is_spooling(recorder: RecorderDetail) -> bool:
    return recorder.state == "recording" and recorder.reason.startswith(SPOOLING)


def _of_publisher(status: RackStatus) -> Iterator[Finding]:
    publisher = status.publisher
    if publisher is not None and not publisher.connected:
        reason = publisher.reason or "not connected"
        text = about(f"broker {publisher.broker}", publisher.broker, reason)
        yield Finding("broker-away", "broker", "warning", text, _BROKER_S)


def _of_uploader(status: RackStatus, limits: AlertSection) -> Iterator[Finding]:
    uploader = status.uploader
    if uploader is None:
        return
    if not uploader.reachable:
        reason = uploader.reason or "not reachable"
        text = about(f"store {uploader.store}", uploader.store, reason)
        yield Finding("store-away", "store", "warning", text, _STORE_S)
    if uploader.conflicts:
        text = f"store {uploader.store}: {uploader.conflicts} files differ from what lies there"
        yield Finding("upload-conflict", "store", "critical", text)
    verified_ns = uploader.last_verified_utc_ns
    if not uploader.waiting_files:
        return
    if verified_ns is None:
        wait_s = limits.backlog_hours * 3600
    elif status.time_utc_ns - verified_ns > limits.backlog_hours * _HOUR_NS:
        wait_s = _BACKLOG_S
    else:
        return
    text = (
        f"store {uploader.store}: {uploader.waiting_files} files wait, none was verified for "
        f"{limits.backlog_hours:g} h"
    )
    yield Finding("upload-backlog", "store", "warning", text, wait_s)


def _of_clock(status: RackStatus) -> Iterator[Finding]:
    if not status.clock_synchronized:
        text = "clock: not synchronized; times in the data may be wrong"
        yield Finding("clock", "clock", "warning", text, _CLOCK_S)
