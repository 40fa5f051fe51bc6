"""Small racks for tests: configurations and states."""

from pathlib import Path

from appliance.config import RackConfig, read_config
from appliance.control_message import (
    Answer,
    HistoryRequest,
    Request,
    StatusRequest,
)
from appliance.report import CageLabel, RecorderDetail
from appliance.status import (
    AlertStatus,
    CageHistory,
    CageStatus,
    DiskStatus,
    History,
    RackStatus,
    WorkerStatus,
)

HOUR_NS = 3_600_000_000_000


def write_rack(folder: Path, cages: int = 2, *, extra: str = "") -> Path:
    """Write `rack.toml` with simulated cages 1 to `cages` and further sections; return its path."""
    lines = [
        "[rack]",
        'facility = "test"',
        'name = "rack-a"',
        'data = "data"',
        'utc_offset = "+01:00"',
        "[recording]",
        "keep_free_gb = 0.0",
    ]
    for number in range(1, cages + 1):
        lines += [
            "[[cage]]",
            f"number = {number}",
            f'animal = "mouse-{number}"',
            "[cage.camera]",
            'driver = "simulated"',
            f"seed = {number}",
        ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rack.toml"
    path.write_text("\n".join([*lines, extra]) + "\n", encoding="utf-8")
    return path


def rack(folder: Path, cages: int = 2, *, extra: str = "") -> RackConfig:
    """Return the configuration that `write_rack` writes."""
    return read_config(write_rack(folder, cages, extra=extra))


def worker_status(name: str, **changes: object) -> WorkerStatus:
    """Return a worker in order."""
    state = WorkerStatus(name=name, state="ready", pid=4711, restarts=0, up_s=60.0)
    return state.model_copy(update=changes)


def recorder_detail(**changes: object) -> RecorderDetail:
    """Return a cage that is being recorded."""
    detail = RecorderDetail(
        state="recording",
        segment="01_20261122_060000",
        fps=25.0,
        frames=1000,
        gaps=0,
        frames_lost=0,
        late_ms=12.0,
        bytes_per_s=50_000.0,
    )
    return detail.model_copy(update=changes)


def cage_label(cage: int, **changes: object) -> CageLabel:
    """Return a cage whose animal rests."""
    label = CageLabel(
        cage=cage,
        behavior="rest",
        confidence=0.97,
        since_utc_ns=0,
        segment=f"{cage:02d}_20261122_060000",
        frame=990,
        lag_s=0.5,
        waiting_segments=0,
    )
    return label.model_copy(update=changes)


def cage_status(cage: int, **changes: object) -> CageStatus:
    """Return a cage in order."""
    state = CageStatus(
        cage=cage,
        animal=f"mouse-{cage}",
        strain="C57BL/6J",
        wanted=True,
        worker=worker_status(f"recorder-{cage:02d}"),
        recorder=recorder_detail(segment=f"{cage:02d}_20261122_060000"),
        label=cage_label(cage),
    )
    return state.model_copy(update=changes)


def rack_status(count: int = 2, /, **changes: object) -> RackStatus:
    """Return a rack in order, ten minutes after its start."""
    state = RackStatus(
        facility="test",
        rack="rack-a",
        software="0.1.0",
        time_utc_ns=1_795_000_000_000_000_000,
        up_s=600.0,
        clock_synchronized=True,
        cages=tuple(cage_status(number) for number in range(1, count + 1)),
        workers=(worker_status("classifier"),),
        classifier=None,
        lights=None,
        publisher=None,
        uploader=None,
        disk=DiskStatus(free_bytes=10**12, total_bytes=2 * 10**12, hours_left=500.0),
        alerts=(),
    )
    return state.model_copy(update=changes)


def alert_status(alert_id: str, **changes: object) -> AlertStatus:
    """Return an alert of a stalled camera."""
    alert = AlertStatus(
        id=alert_id,
        kind="camera",
        severity="critical",
        since_utc_ns=1_795_000_000_000_000_000 - HOUR_NS,
        text="cage 01: no frame for 3600 s",
        acknowledged=False,
    )
    return alert.model_copy(update=changes)


class PreparedRack:
    """Answers requests with prepared states and remembers what it was told to do."""

    def __init__(self, status: RackStatus) -> None:
        self.status = status
        self.told: list[Request] = []

    def answer(self, request: Request) -> Answer:
        """Be the handler of a ControlServer."""
        if isinstance(request, StatusRequest):
            return Answer(status=self.status)
        if isinstance(request, HistoryRequest):
            return Answer(history=self._history(request))
        self.told.append(request)
        return Answer(done="done")

    def _history(self, request: HistoryRequest) -> History:
        bin_s = request.hours * 3600 / request.bins
        return History(
            from_utc_ns=self.status.time_utc_ns - round(request.hours * HOUR_NS),
            bin_s=bin_s,
            cages=tuple(
                CageHistory(
                    cage=cage.cage,
                    codes=tuple((cage.cage + number // 10) % 8 for number in range(request.bins)),
                )
                for cage in self.status.cages
            ),
        )
