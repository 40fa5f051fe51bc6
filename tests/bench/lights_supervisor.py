"""The supervisor of a rack of which only the lights worker is real: `python -m ... CONFIG`.

The other workers are programs that sleep, and the supervisor has the patience for it: what is
measured is light, on a machine that does nothing else.
"""

import sys
from pathlib import Path
from typing import Final

from appliance.config import read_config
from appliance.log import start_log
from appliance.rack_path import SUPERVISOR, log_path
from appliance.supervisor import Limits, Supervisor
from appliance.worker import config_sha256
from appliance.worker_process import worker_command
from appliance.worker_slot import Patience

_LONGEST_S: Final = 3600
"""A bench that is killed leaves nobody for longer."""


def main(path: Path) -> int:
    """Run until a signal; return the exit code."""
    config = read_config(path)
    start_log(log_path(config, SUPERVISOR), also_stderr=False)

    def command_of(name: str) -> list[str]:
        if name == "lights":
            return list(worker_command(name, path, path.parent))
        return ["sleep", str(_LONGEST_S)]

    limits = Limits(Patience(ready_s=_LONGEST_S))
    sha256 = config_sha256(path.read_bytes())
    with Supervisor(config, sha256, command_of, limits) as supervisor:
        return 0 if supervisor.run() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
