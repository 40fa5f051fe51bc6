"""What the lights worker takes of this machine, for one panel and for several simulated ones."""

import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from appliance.config import read_config
from appliance.rack_path import reports_socket
from appliance.report import LightsDetail, Report
from appliance.worker_process import worker_command
from tests.bench.lit_rack import RACK
from tests.bench.process_meter import Usage, usage_of

LIMIT: Final = 0.05
"""Of a core a panel; a rack has cages to record."""
_PANELS: Final = (1, 4)
_SETTLE_S: Final = 5.0
_START_S: Final = 30.0
_STOP_S: Final = 10.0
_LONGEST_REPORT: Final = 65_536
_PANEL: Final = """\
[[lights.panel]]
name = "panel-{number}"
driver = "simulated"
"""


def print_cost(seconds: float) -> bool:
    """Print processor time and memory; return whether a panel takes little."""
    shares = {}
    print()
    for panels in _PANELS:
        share, usage = _measured(panels, seconds)
        shares[panels] = share
        print(
            f"lights worker, {panels} simulated panels, controllers included: {share:.2%} of a "
            f"core, own memory {usage.memory / 1e6:.1f} MB",
            flush=True,
        )
    few, many = _PANELS
    a_panel = (shares[many] - shares[few]) / (many - few)
    print(f"  each further panel {a_panel:.2%} of a core")
    return a_panel <= LIMIT


def _measured(panels: int, seconds: float) -> tuple[float, Usage]:
    """Return the share of a core and what was used in the end."""
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        path = Path(name) / "rack.toml"
        path.write_text(RACK + "".join(_PANEL.format(number=n + 1) for n in range(panels)))
        config = read_config(path)
        config.state.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
            inbox.bind(str(reports_socket(config)))
            process = subprocess.Popen(
                worker_command("lights", path, path.parent), cwd=Path(__file__).parents[2]
            )
            try:
                _listen(inbox, _START_S, panels)
                _listen(inbox, _SETTLE_S)
                before, began_s = usage_of(process.pid), time.monotonic()
                _listen(inbox, seconds)
                after, passed_s = usage_of(process.pid), time.monotonic() - began_s
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(_STOP_S)
    return (after.cpu_s - before.cpu_s) / passed_s, after


def _listen(inbox: socket.socket, seconds: float, panels: int = 0) -> None:
    """Take reports for so long, or until one tells of so many panels."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        inbox.settimeout(left_s)
        try:
            report = Report.model_validate_json(inbox.recv(_LONGEST_REPORT))
        except TimeoutError:
            break
        detail = report.detail
        if panels and isinstance(detail, LightsDetail) and len(detail.panels) == panels:
            return
    if panels:
        raise TimeoutError(f"the lights worker has not told of {panels} panels")
