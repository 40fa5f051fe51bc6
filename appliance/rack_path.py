"""Where a rack keeps what: sockets, locks, ledgers, logs, segments."""

from pathlib import Path
from typing import Final

from appliance.config import RackConfig
from appliance.rack_volume import is_state_apart

SUPERVISOR: Final = "supervisor"
"""Its lock and its log are named like a worker's."""


def segment_folder(config: RackConfig, cage: int) -> Path:
    """Return the folder of one cage's days."""
    return config.rack.data / f"{cage:02d}"


def spool_folder(config: RackConfig, cage: int) -> Path | None:
    """Return the folder of one cage's days in the spool; None without a spool."""
    spool = config.recording.spool
    return spool / f"{cage:02d}" if spool else None


def lock_path(config: RackConfig, worker: str) -> Path:
    """Return the lock of a process; in the data folder, which two racks must not share.

    Of a rack that knows its volume, in the state folder: beside a volume that is away it would lie
    hidden once that is back.
    """
    knows_volume = config.recording.volume is not None and is_state_apart(config)
    return (config.state if knows_volume else config.rack.data) / ".lock" / worker


def reports_socket(config: RackConfig) -> Path:
    """Return where workers send their reports."""
    return config.state / "reports.sock"


def control_socket(config: RackConfig) -> Path:
    """Return where people and programs ask the supervisor."""
    return config.state / "control.sock"


def lights_socket(config: RackConfig) -> Path:
    """Return where people and programs tell the lights worker what the light should do."""
    return config.state / "lights.sock"


def light_record(config: RackConfig) -> Path:
    """Return the folder with what light there was, a file a day; it lies with the recordings."""
    return config.rack.data / "lights"


def event_ledger(config: RackConfig) -> Path:
    """Return the ledger of labels done and events to publish."""
    return config.state / "events.sqlite"


def upload_ledger(config: RackConfig) -> Path:
    """Return the ledger of files to upload."""
    return config.state / "uploads.sqlite"


def reference_path(config: RackConfig, cage: int) -> Path:
    """Return what commissioning learnt of a cage's picture."""
    return config.state / "commission" / f"{cage:02d}.png"


def picture_figures(config: RackConfig) -> Path:
    """Return the newest figures of all cages' pictures, for whoever publishes them."""
    return config.state / "pictures.json"


def log_path(config: RackConfig, worker: str) -> Path:
    """Return a process's log, a JSON object a line."""
    return config.state / "log" / f"{worker}.jsonl"


def panel_memory(config: RackConfig, panel: str) -> Path:
    """Return the file in which a simulated panel keeps what a real one has in EEPROM."""
    return config.state / "panel" / f"{panel}.json"


def override_memory(config: RackConfig, panel: str) -> Path:
    """Return the file that says whose override runs on a panel."""
    return config.state / "override" / f"{panel}.json"


def stopped_cages(config: RackConfig) -> Path:
    """Return the file that says which cages people have stopped."""
    return config.state / "stopped_cages.json"


def running_config(config: RackConfig) -> Path:
    """Return the configuration that the rack was started with, which its workers read."""
    return config.state / "running.toml"


def notes(config: RackConfig) -> Path:
    """Return what people wrote down; it lies with the recordings, because it belongs to them."""
    return config.rack.data / "notes.jsonl"
