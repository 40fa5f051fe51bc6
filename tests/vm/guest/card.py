"""The cards of the kernel's virtual driver, `vivid`: find, set, pull out and plug in.

Source: Documentation/admin-guide/media/vivid.rst of Linux 6.1. Everything is asked of `v4l2-ctl`
and sysfs, nothing of the code under test.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from capture_hw.camera_config import V4l2CameraConfig

BLACK: Final = 5
WHITE: Final = 6
RAMP: Final = 20
"""Numbers of `test_pattern`."""
NO_TEXT: Final = 2
"""Of `osd_text_mode`."""
ANALOG_CARDS: Final = range(10)
ALL_CARDS: Final = range(12)

_NODES: Final = Path("/sys/class/video4linux")
_DRIVER: Final = Path("/sys/bus/platform/drivers/vivid")
_PLATFORM_DEVICE: Final = "vivid.0"
_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True)
class Card:
    """One instance of vivid; its nodes may come, go and change their numbers."""

    number: int

    @property
    def bus_path(self) -> str:
        """Where it is plugged in, for ever."""
        return f"platform:vivid-{self.number:03d}"

    def config(self, **settings: Any) -> V4l2CameraConfig:
        """Configure a camera on this card."""
        return V4l2CameraConfig.model_validate(
            {"driver": "v4l2", "device": self.bus_path, **settings}
        )

    def node(self) -> str:
        """Give the present `/dev/videoN` of its capture side."""
        return node_named(f"vivid-{self.number:03d}-vid-cap")

    def set(self, **controls: int) -> None:
        """Set controls by their names; a button is pressed with 1."""
        setting = ",".join(f"{name}={value}" for name, value in controls.items())
        v4l2_ctl("-d", self.node(), "-c", setting)


def pull_all_out() -> None:
    """Take all cards away, also from under running streams, as if the bus had gone."""
    (_DRIVER / "unbind").write_text(_PLATFORM_DEVICE)
    wait_until(lambda: not _nodes_with("vivid-"), "there are still cards")


def plug_all_in() -> None:
    """Bring all cards back; their nodes can be opened on return."""
    (_DRIVER / "bind").write_text(_PLATFORM_DEVICE)
    wait_until(lambda: Path(Card(9).node()).exists(), "the cards have not come back")


def plug_in_anew(**options: str) -> None:
    """Load the driver again with other options, while no camera is open."""
    subprocess.run(["rmmod", "vivid"], check=True, timeout=_TIMEOUT_S)
    setting = [f"{name}={value}" for name, value in options.items()]
    subprocess.run(["modprobe", "vivid", *setting], check=True, timeout=_TIMEOUT_S)
    wait_until(lambda: Path(Card(0).node()).exists(), "the cards have not come back")


def node_named(name: str) -> str:
    """Give the `/dev/videoN` that the driver calls by this name."""
    found = _nodes_with(name)
    assert found, f"no node is called {name}"
    return f"/dev/{found[0].name}"


def v4l2_ctl(*arguments: str) -> str:
    """Run the kernel developers' own tool; what it printed, on whichever output."""
    done = subprocess.run(
        ["v4l2-ctl", *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"v4l2-ctl {' '.join(arguments)}: {said}"
    return said


def wait_until(happened: Callable[[], bool], otherwise: str, *, timeout_s: float = 20.0) -> None:
    """Ask again and again, for `timeout_s` at most."""
    deadline_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline_s, otherwise
        time.sleep(0.01)


def _nodes_with(name: str) -> list[Path]:
    return [entry for entry in _NODES.iterdir() if _name(entry).startswith(name)]


def _name(entry: Path) -> str:
    try:
        return (entry / "name").read_text().strip()
    except OSError:  # it has just been pulled out
        return ""
