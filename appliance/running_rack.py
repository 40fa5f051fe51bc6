"""The configuration that a rack was started with."""

from pathlib import Path

from appliance.config import ConfigError, RackConfig, parse_config
from appliance.rack_path import running_config


def started_with(rack: RackConfig, folder: Path) -> RackConfig:
    """Return what the rack lives by: its file may have been edited since; else `rack` itself.

    Relative paths start at `folder`. Raises ConfigError.
    """
    kept = running_config(rack)
    try:
        return parse_config(kept.read_bytes(), kept, folder)
    except FileNotFoundError:
        return rack
    except OSError as error:
        raise ConfigError(f"{kept}: cannot be read: {error.strerror}") from error
