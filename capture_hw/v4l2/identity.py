"""Who a device is: where it is plugged in and what it calls itself."""

from dataclasses import dataclass

from capture_hw.camera_config import V4l2CameraConfig


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same when devices are plugged in in another order."""

    bus_path: str
    node: int
    """Counts the capture nodes on the bus path, in the order in which the driver made them."""
    card: str
    serial: str | None
    """USB devices may have one; cards do not."""

    @property
    def place(self) -> str:
        """Where it is plugged in, for messages."""
        return place(self.bus_path, self.node)

    @property
    def title(self) -> str:
        """What it calls itself, for messages."""
        return _title(self.card, self.serial)


def place(bus_path: str, node: int) -> str:
    """Return where a capture node is, for messages."""
    return f"{bus_path} node {node}"


def wanted_place(config: V4l2CameraConfig) -> str:
    """Return where the configured camera has to be, for messages."""
    return place(config.device, config.node)


def wanted_title(config: V4l2CameraConfig) -> str:
    """Return what the configured camera has to call itself, for messages; "" if anything."""
    return _title(config.card, config.serial)


def calls_itself(config: V4l2CameraConfig, identity: Identity) -> bool:
    """Return whether card and serial number are the configured ones, wherever it is."""
    return config.card in (None, identity.card) and config.serial in (None, identity.serial)


def is_at(config: V4l2CameraConfig, identity: Identity) -> bool:
    """Return whether it is plugged in where the configured camera has to be."""
    return (config.device, config.node) == (identity.bus_path, identity.node)


def _title(card: str | None, serial: str | None) -> str:
    named = "" if card is None else f'"{card}"'
    numbered = "" if serial is None else f'serial "{serial}"'
    return f"{named} {numbered}".strip()
