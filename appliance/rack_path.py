"""Where a rack keeps what: sockets, locks, ledgers, logs, segments."""

from pathlib import Path

from appliance.config import RackConfig


def segment_folder(config: RackConfig, cage: int) -> Path:
    """Return the folder of one cage's days."""
    return config.rack.data / f"{cage:02d}"


def lock_path(config: RackConfig, worker: str) -> Path:
    """Return the lock of a process; in the data folder, which two racks must not share."""
    return config.rack.data / ".lock" / worker


def reports_socket(config: RackConfig) -> Path:
    """Return where workers send their reports."""
    return config.state / "reports.sock"


def control_socket(config: RackConfig) -> Path:
    """Return where people and programs ask the supervisor."""
    return config.state / "control.sock"


def event_ledger(config: RackConfig) -> Path:
    """Return the ledger of labels done and events to publish."""
    return config.state / "events.sqlite"


def upload_ledger(config: RackConfig) -> Path:
    """Return the ledger of files to upload."""
    return config.state / "uploads.sqlite"


def log_path(config: RackConfig, worker: str) -> Path:
    """Return a process's log, a JSON object a line."""
    return config.state / "log" / f"{worker}.jsonl"
