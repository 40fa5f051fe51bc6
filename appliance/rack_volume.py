"""Whether the volume that belongs under a rack's data folder is there."""

from appliance.config import RackConfig
from capture_hw.data_volume import mark_of


class VolumeAway(Exception):
    """The rack cannot start without its volume; the message is one sentence."""


def is_state_apart(config: RackConfig) -> bool:
    """Say whether the state folder stays where it is when the volume with the recordings goes."""
    return not config.state.resolve().is_relative_to(config.rack.data.resolve())


def volume_fault(config: RackConfig) -> str:
    """Return why what lies under `rack.data` is not its volume, one sentence; empty if it is.

    Without `recording.volume` any will do.
    """
    wanted, data = config.recording.volume, config.rack.data
    if wanted is None:
        return ""
    try:
        mark = mark_of(data)
    except OSError as error:
        return f"{data}: cannot be read: {error.strerror}"
    if mark is None:
        return f"{data}: volume `{wanted}` is not mounted"
    if mark != wanted:
        return f"{data}: volume `{wanted}` is not mounted, `{mark}` is there instead"
    return ""


def refuse_hidden_state(config: RackConfig) -> None:
    """Raise VolumeAway if locks, logs and ledgers would land where the volume is missing.

    With a state folder elsewhere a rack starts without its volume: its recorders wait for it, or
    write into the spool.
    """
    if not is_state_apart(config) and (fault := volume_fault(config)):
        raise VolumeAway(f"{fault}; the state folder {config.state} would be on it")
