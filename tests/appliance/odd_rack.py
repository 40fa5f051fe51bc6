"""A supervisor over odd workers, with shortened patience: `python -m ... CONFIG SILENCE_S STOP_S`.

It says its reports on standard error, as `ethoprofiler run` does.
"""

import sys
from pathlib import Path

from appliance.config import ConfigError, read_config
from appliance.instance_lock import AlreadyRunning
from appliance.log import start_log
from appliance.rack_path import SUPERVISOR, log_path
from appliance.supervisor import Limits, Supervisor
from appliance.worker import config_sha256
from appliance.worker_slot import Patience


def main(path: Path, silence_s: float, stop_s: float) -> int:
    config = read_config(path)
    start_log(log_path(config, SUPERVISOR), also_stderr=True)
    limits = Limits(
        Patience(silence_s=silence_s, ready_s=silence_s * 2, stop_s=stop_s, stale_s=1.0),
        late_s=1.0,
        stop_s=stop_s,
        look_s=0.2,
    )

    def command_of(name: str) -> list[str]:
        return [sys.executable, "-m", "tests.appliance.odd_worker", name, str(path)]

    with Supervisor(config, config_sha256(path.read_bytes()), command_of, limits) as supervisor:
        return 0 if supervisor.run() else 1


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
    except (ConfigError, AlreadyRunning, OSError) as error:
        sys.exit(f"{error}")
