"""Cages that real recorders record and the real watcher watches, without the rest of a rack."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.config import RackConfig, read_config
from appliance.data_folder import prepare_data_folder
from appliance.rack_path import reference_path, reports_socket
from appliance.report import CagePicture, WatcherDetail
from appliance.report_inbox import ReportInbox
from capture_hw.camera_config import CameraFault, FaultKind
from capture_hw.driver.camera_fault import begin_faults
from capture_hw.reference import learn, save_reference
from capture_hw.simulation.cage import SimulatedCage
from tests.bench.process_meter import Usage, usage_of

RACK: Final = """\
[rack]
facility = "bench"
name = "rack"
data = "data"
state = "state"
utc_offset = "+00:00"
[recording]
keep_free_gb = 0.1
"""
CAGE: Final = """\
[[cage]]
number = {number}
animal = "mouse-{number}"
camera = {{ driver = "simulated", seed = {number}, fault_file = "{number}.json" }}
"""
LOOK_S: Final = 0.05


class WatchedCages:
    """A context manager that leaves no process behind."""

    def __init__(self, folder: Path, cages: int) -> None:
        self._folder: Final = folder
        self._path: Final = folder / "rack.toml"
        self._path.write_text(RACK + "".join(CAGE.format(number=n) for n in range(1, cages + 1)))
        self.config: Final[RackConfig] = read_config(self._path)
        self.pictures: dict[int, CagePicture] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._inbox: ReportInbox | None = None

    def __enter__(self) -> Self:
        prepare_data_folder(self.config.rack.data)
        for cage in self.config.cage:
            simulated = SimulatedCage(cage.number)
            pictures = [simulated.picture(frame) for frame in range(0, 1500, 50)]
            save_reference(reference_path(self.config, cage.number), learn(pictures))
        self._inbox = ReportInbox(reports_socket(self.config))
        for name in [f"recorder-{cage.label}" for cage in self.config.cage] + ["watcher"]:
            command = [sys.executable, "-m", "appliance", "worker", name]
            self._processes[name] = subprocess.Popen([*command, "--config", str(self._path)])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._inbox is not None:
            self._inbox.__exit__(kind, error, trace)

    def begin(self, cage: int, fault: FaultKind, for_s: float) -> float:
        """Begin a fault; return the monotonic second at which it shows."""
        file = self._folder / f"{cage}.json"
        begin_faults(file, [CameraFault(kind=fault, after_s=0.2, for_s=for_s)])
        return float(json.loads(file.read_text())[0]["from_ns"]) / 1e9

    def usage(self) -> Usage:
        """Return what the watcher has used."""
        return usage_of(self._processes["watcher"].pid)

    def until(self, claim: Callable[[dict[int, CagePicture]], bool], limit_s: float) -> bool:
        """Hear reports until a claim is true; say whether it became so."""
        assert self._inbox is not None
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            for report in self._inbox.take():
                if isinstance(report.detail, WatcherDetail):
                    self.pictures = {one.cage: one for one in report.detail.cages}
            if claim(self.pictures):
                return True
            time.sleep(LOOK_S)
        return False
