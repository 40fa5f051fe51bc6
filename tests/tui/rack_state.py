"""Prepared states of a rack, every figure written out."""

from typing import Final

from appliance.report import (
    CageLabel,
    CagePicture,
    ClassifierDetail,
    LightsDetail,
    PanelDetail,
    PublisherDetail,
    RecorderDetail,
    UploaderDetail,
)
from appliance.status import (
    AlertStatus,
    CageHistory,
    CageStatus,
    DiskStatus,
    History,
    RackStatus,
    WorkerStatus,
)

NOW_NS: Final = 1_795_345_384_000_000_000
"""2026-11-22 11:03:04 UTC."""
OTHERS: Final = ("watcher", "lights", "publisher", "uploader")
SECOND_NS: Final = 1_000_000_000
BEHAVIORS: Final = (
    "rest", "rest", "eat", "walk", "groom", "rear", "hang", "drink", "micromovement", "rest",
)  # fmt: skip


def worker(name: str, state: str = "ready", **more: object) -> WorkerStatus:
    fields: dict[str, object] = {
        "name": name, "state": state, "pid": 4000, "restarts": 0, "up_s": 93_784.0,
    }  # fmt: skip
    return WorkerStatus.model_validate(fields | more)


def recorder(cage: int, state: str = "recording", **more: object) -> RecorderDetail:
    fields: dict[str, object] = {
        "state": state, "segment": f"{cage:02d}_20261122_060000", "fps": 25.0,
        "frames": 2_344_600 + cage, "gaps": 0, "frames_lost": 0, "late_ms": 12.4,
        "bytes_per_s": 125_400.0,
    }  # fmt: skip
    return RecorderDetail.model_validate(fields | more)


def label(cage: int, behavior: str | None, **more: object) -> CageLabel:
    fields: dict[str, object] = {
        "cage": cage, "behavior": behavior, "confidence": 0.97 - cage % 10 / 100,
        "since_utc_ns": NOW_NS - (cage * 37 + 4) * SECOND_NS,
        "segment": f"{cage:02d}_20261122_060000", "frame": 455_000 + cage, "lag_s": 0.6,
        "waiting_segments": 0,
    }  # fmt: skip
    return CageLabel.model_validate(fields | more)


def picture(cage: int, **more: object) -> CagePicture:
    fields: dict[str, object] = {
        "cage": cage, "segment": f"{cage:02d}_20261122_060000", "age_s": 1.2, "mean_luma": 87.3,
        "bright_part": 0.004, "dark_part": 0.21, "sharpness": 0.172, "change": 1.71,
        "novelty": 0.98, "shift_px": 0.0, "likeness": 0.94, "focus": 0.99,
        "most_bright": 0.4, "longest_shift_px": 7.0, "least_likeness": 0.64, "least_focus": 0.75,
        "is_commissioned": True, "faults": (),
    }  # fmt: skip
    return CagePicture.model_validate(fields | more)


def cage(number: int, **more: object) -> CageStatus:
    fields: dict[str, object] = {
        "cage": number, "animal": f"M-{number:03d}", "strain": "C57BL/6J", "wanted": True,
        "worker": worker(f"recorder-{number:02d}"), "recorder": recorder(number),
        "label": label(number, BEHAVIORS[(number - 1) % len(BEHAVIORS)]),
        "picture": picture(number),
    }  # fmt: skip
    return CageStatus.model_validate(fields | more)


def alert(number: int, severity: str = "warning", **more: object) -> AlertStatus:
    fields: dict[str, object] = {
        "id": f"cage-{number:02d}-stalled", "kind": "camera", "severity": severity,
        "since_utc_ns": NOW_NS - number * 60 * SECOND_NS,
        "text": f"cage {number:02d}: no frame for 2.0 s", "acknowledged": False,
    }  # fmt: skip
    return AlertStatus.model_validate(fields | more)


def rack(
    cages: tuple[CageStatus, ...] = (), alerts: tuple[AlertStatus, ...] = (), **more: object
) -> RackStatus:
    fields: dict[str, object] = {
        "facility": "north", "rack": "rack-1", "software": "0.1.0", "time_utc_ns": NOW_NS,
        "up_s": 93_790.0, "clock_synchronized": True,
        "cages": cages or tuple(cage(number) for number in range(1, 11)),
        "workers": tuple(worker(name) for name in ("classifier", *OTHERS)),
        "classifier": ClassifierDetail(
            model="ethocnn-lite-simulated@1f2e3d4c", device="CPU", frames_per_s=250.0, cages=()
        ),
        "lights": LightsDetail(
            phase="light", zt_h=5.05, next_change_utc_ns=NOW_NS + 25_020 * SECOND_NS,
            panels=(PanelDetail(
                panel="top", phase="light", white_scheduled=60, white_commanded=60,
                ir_commanded=100, white_measured=59, ir_measured=100,
                next_change_utc_ns=NOW_NS + 25_020 * SECOND_NS,
            ),),
        ),
        "publisher": PublisherDetail(
            broker="localhost:1883", connected=True, waiting=0, published=90_210
        ),
        "uploader": UploaderDetail(
            store="folder", reachable=True, waiting_files=3, waiting_bytes=4_200_000_000,
            verified_files=1290, last_verified_utc_ns=NOW_NS - 90 * SECOND_NS,
            bytes_per_s=5_000_000.0, conflicts=0,
        ),
        "disk": DiskStatus(
            free_bytes=1_410_000_000_000, total_bytes=4_000_000_000_000, hours_left=313.0
        ),
        "alerts": alerts,
    }  # fmt: skip
    return RackStatus.model_validate(fields | more)


def troubled_rack() -> RackStatus:
    """A rack on a bad day: every state that a cage can be in."""
    gone = recorder(2, "lost", reason="cage 02: the camera is gone", fps=0.0, gaps=2)
    stalled = recorder(3, "stalled", reason="cage 03: no frame for 2.0 s", fps=0.0, gaps=7)
    storage = recorder(4, "storage", reason="cage 04: 4.9 GB free, 5.0 GB must stay free", fps=0.0)
    failed = worker(
        "recorder-05", "failed", pid=None, restarts=6, next_start_s=8.0,
        reason="ended with exit code 1",
    )  # fmt: skip
    slow = label(8, "drink", lag_s=312.0, waiting_segments=1)
    cages = (
        cage(1),
        cage(2, recorder=gone),
        cage(3, recorder=stalled),
        cage(4, recorder=storage),
        cage(5, worker=failed, recorder=None),
        cage(6, wanted=False, worker=worker("recorder-06", "stopped", pid=None), recorder=None),
        cage(7, worker=worker("recorder-07", "starting"), recorder=None, label=None),
        cage(8, label=slow),
        cage(9, label=label(9, None)),
        cage(10, recorder=recorder(10, "opening", fps=0.0)),
    )
    alerts = (
        alert(2, "critical", id="cage-02-lost", text="cage 02: the camera is gone"),
        alert(3, "critical"),
        alert(5, "critical", id="cage-05-failed", text="recorder-05: failed 6 times"),
        alert(8, id="cage-08-lag", text="cage 08: labels are 312 s behind", acknowledged=True),
        alert(9, "info", id="rack-note", text="rack: 1 cage is stopped by a person"),
    )
    classifier = worker("classifier", "failed", pid=None, reason="no beat for 10 s", next_start_s=2)
    workers = (classifier, *(worker(name) for name in OTHERS))
    publisher = PublisherDetail(
        broker="localhost:1883", connected=False, reason="connection refused", waiting=1204,
        published=90_210,
    )  # fmt: skip
    return rack(cages, alerts, workers=workers, publisher=publisher, clock_synchronized=False)


def history(hours: float, bins: int, cages: int = 10) -> History:
    """A day of the same pattern in every cage: each behavior in turn, and no label at first."""
    rows = []
    for number in range(1, cages + 1):
        codes = [(place * 24 // bins + number) % 8 for place in range(bins)]
        known = bins // 12
        rows.append(CageHistory(cage=number, codes=(None,) * known + tuple(codes[known:])))
    return History(
        from_utc_ns=NOW_NS - round(hours * 3600) * SECOND_NS, bin_s=hours * 3600 / bins,
        cages=tuple(rows),
    )  # fmt: skip
