"""The lights worker on a panel behind the kernel's own USB serial driver, cables pulled."""

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from appliance.rack_path import event_ledger
from appliance.report import PanelDetail
from capture_hw.panel.port_search import usb_ports
from tests.appliance.running_lights import RunningLights, running_lights
from tests.firmware.firmware_build import SERIAL_NUMBER
from tests.vm.guest.bench import (
    PORT_NAME,
    LightChange,
    cut_power,
    decoy_bytes,
    light,
    plug,
    plug_decoy,
    plugged_in,
    pull,
)
from tests.vm.guest.card import wait_until
from tests.vm.guest.synchronized_clock import vouch_for_clock
from tests.vm.guest.usb_witness import usb_witness

Record = Callable[[str, object], None]

LIMIT_S: Final = 5.0
"""For telling that a cable is out, and for being right again. Source: docs/lights.md."""
STANDARD_TIME: Final = timedelta(hours=1)
UNTIL_DARK_S: Final = 30
START_S: Final = 25.0
REPLUGS: Final = 12
USB_PORTS: Final = 4
ETHOPROFILER: Final = [sys.executable, "-c", "from appliance.main import main; main()"]


@pytest.fixture(autouse=True)
def adapter() -> Iterator[None]:
    """The panel's adapter, and no light remembered from before."""
    vouch_for_clock()
    with plugged_in():
        light()
        yield


def panel_words(*, serial_number: str = SERIAL_NUMBER, dark_utc_s: int | None = None) -> str:
    """Return a configuration's part: light of 60 %, until it is dark for ever, if ever."""
    words = "[lights]\nlight_hours = 24\nwhite_percent = 60\n"
    if dark_utc_s is not None:
        at = datetime.fromtimestamp(dark_utc_s, UTC) + STANDARD_TIME
        words += f"[[lights.change]]\nat = {at:%Y-%m-%dT%H:%M:%S}\nlight_hours = 0\n"
    return words + (
        f'[[lights.panel]]\nname = "north"\ndriver = "serial"\nport = "{PORT_NAME}"\n'
        f'serial_number = "{serial_number}"\n'
    )


def is_right(panel: PanelDetail) -> bool:
    return panel.ir_commanded is not None and not panel.reason


def has_reason(panel: PanelDetail) -> bool:
    return bool(panel.reason)


def wait_for(lights: RunningLights, is_so: Callable[[PanelDetail], bool]) -> PanelDetail:
    """Return the panel as soon as it is so; say what it is if it never comes to that."""
    seen: list[PanelDetail] = []

    def is_so_now() -> bool:
        seen[:] = [lights.panel()]
        return is_so(seen[0])

    try:
        wait_until(is_so_now, "", timeout_s=START_S)
    except AssertionError as error:
        raise AssertionError(f"after {START_S:g} s it is {seen[0]}") from error
    return seen[0]


def told(lights: RunningLights) -> list[tuple[str, str]]:
    """Return cause and reason of every event in the ledger."""
    with closing(sqlite3.connect(event_ledger(lights.config))) as ledger:
        bodies = [json.loads(body) for (body,) in ledger.execute("SELECT body FROM event")]
    return [(body["cause"], body["reason"]) for body in bodies]


def seconds_until(is_so: Callable[[], bool], otherwise: str, since_s: float) -> float:
    wait_until(is_so, otherwise, timeout_s=60.0)
    return time.monotonic() - since_s


def stays(is_so: Callable[[], bool], for_s: float) -> bool:
    """Return whether it is so all the time."""
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        if not is_so():
            return False
        time.sleep(0.05)
    return True


def test_with_the_cable_out_light_changes_at_its_second_and_a_reconnect_changes_nothing(
    tmp_path: Path, record_property: Record
) -> None:
    dark_utc_s = int(time.time()) + UNTIL_DARK_S
    with running_lights(tmp_path, panel_words(dark_utc_s=dark_utc_s)) as lights:
        wait_for(lights, is_right)
        assert (light().white, light().ir) == (600, 1000)
        begun_s = time.monotonic()
        pull()
        gone_s = seconds_until(lambda: told(lights)[-1][0] == "reason", "nobody is told", begun_s)
        before = told(lights)
        changes: list[LightChange] = []
        wait_until(lambda: dark(changes), "it does not get dark", timeout_s=60.0)
        begun_s = time.monotonic()
        plug(usb_port=2)
        back_s = seconds_until(
            lambda: is_right(lights.panel()), "the panel does not come back", begun_s
        )
        panel = lights.panel()
        wait_until(lambda: told(lights)[-1][1] == "", "nobody is told that it is back")
        since = told(lights)[len(before) :]
        seen = light()
    record_property("told after", f"{gone_s:.1f} s: {before[-1][1]}")
    record_property("dark after its second", f"{changes[0].utc_s - dark_utc_s:+.2f} s")
    record_property("right again after", f"{back_s:.1f} s")
    record_property("the panel behind real time, at most", f"{seen.behind_s * 1000:.0f} ms")
    assert gone_s < LIMIT_S
    assert back_s < LIMIT_S
    assert [(one.white, one.ir) for one in changes] == [(0, 1000)]
    assert abs(changes[0].utc_s - dark_utc_s) < 1
    assert (panel.phase, panel.white_commanded, panel.ir_commanded) == ("dark", 0, 100)
    assert {cause for cause, _reason in since} <= {"schedule", "reason"}
    assert (seen.changes, seen.starts) == ((), 1)


def dark(changes: list[LightChange]) -> bool:
    changes += light().changes
    return bool(changes)


def test_a_panel_that_comes_back_elsewhere_is_found_by_its_adapter(
    tmp_path: Path, record_property: Record
) -> None:
    with running_lights(tmp_path, panel_words()) as lights:
        assert wait_for(lights, is_right).port == "/dev/ttyUSB0"
        light()
        pull()
        wait_for(lights, has_reason)
        plug_decoy("OTHER01", usb_port=1)
        wait_until(lambda: len(usb_ports()) == 1, "the other adapter does not come up")
        begun_s = time.monotonic()
        plug(usb_port=3)
        back_s = seconds_until(
            lambda: is_right(lights.panel()), "the panel does not come back", begun_s
        )
        assert lights.panel().port == "/dev/ttyUSB1"
    record_property("right again after", f"{back_s:.1f} s, as /dev/ttyUSB1")
    assert back_s < LIMIT_S
    assert decoy_bytes() == 0
    assert light().changes == ()


def test_a_cable_is_told_of_and_reconciled_in_5_s_time_after_time(
    tmp_path: Path, record_property: Record
) -> None:
    gone_s, back_s = [], []
    with running_lights(tmp_path, panel_words()) as lights:
        wait_for(lights, is_right)
        before = len(told(lights))
        light()
        for turn in range(REPLUGS):
            pulled_s = time.monotonic()
            pull()
            gone_s.append(
                seconds_until(lambda: bool(lights.panel().reason), "nobody is told", pulled_s)
            )
            plugged_s = time.monotonic()
            plug(usb_port=turn % USB_PORTS + 1)
            back_s.append(
                seconds_until(lambda: is_right(lights.panel()), "it does not come back", plugged_s)
            )
        since = {cause for cause, _reason in told(lights)[before:]}
    for what, seconds in (("told after", gone_s), ("right again after", back_s)):
        record_property(
            f"{what}, {REPLUGS} times",
            f"median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s",
        )
    assert max(gone_s) < LIMIT_S
    assert max(back_s) < LIMIT_S
    assert (since, light().changes) == ({"reason"}, ())


def test_an_adapter_with_another_serial_number_is_not_even_opened(
    tmp_path: Path, record_property: Record
) -> None:
    with running_lights(tmp_path, panel_words()) as lights:
        wait_for(lights, is_right)
        light()
        pull()
        wait_for(lights, has_reason)
        plug("LIGHT02", usb_port=1)
        wait_until(lambda: len(usb_ports()) == 1, "the other adapter does not come up")
        with usb_witness() as witness:
            assert stays(lambda: not witness.modem_lines() and bool(lights.panel().reason), LIMIT_S)
        reason = lights.panel().reason
        assert (light().changes, light().white) == ((), 600)
        pull()
        wait_until(lambda: not usb_ports(), "the other adapter stays")
        plug(usb_port=1)
        wait_for(lights, is_right)
    record_property("told", reason)
    assert reason == f"panel north: no USB adapter {PORT_NAME} is plugged in"


def test_another_panel_behind_the_right_adapter_is_refused_and_left_as_it_is(
    tmp_path: Path, record_property: Record
) -> None:
    with running_lights(tmp_path, panel_words(serial_number="EP-9999")) as lights:
        reason = wait_for(lights, lambda panel: "another panel" in panel.reason).reason
        assert stays(lambda: lights.panel().reason == reason, LIMIT_S)
    record_property("told", reason)
    assert reason == "panel north: another panel answers, EP-0042 instead of EP-9999"
    assert light().changes == ()


def test_a_panel_whose_power_was_cut_has_its_light_back_in_5_s(
    tmp_path: Path, record_property: Record
) -> None:
    with running_lights(tmp_path, panel_words()) as lights:
        wait_for(lights, is_right)
        light()
        cut_power()
        changes: list[LightChange] = []
        wait_until(lambda: is_bright_again(changes), "white light does not come back")
        reason = wait_for(lights, lambda panel: "started again" in panel.reason).reason
    back_at_s = next(one.utc_s for one in changes if one.ir == 1000)
    bright_s = changes[-1].utc_s - back_at_s
    record_property("white light after power is back", f"{bright_s:.1f} s")
    record_property("told", reason)
    assert (changes[0].white, changes[0].ir) == (0, 0)
    assert all(one.white == 0 for one in changes[:-1])
    assert bright_s < LIMIT_S


def is_bright_again(changes: list[LightChange]) -> bool:
    changes += light().changes
    return len(changes) > 1 and changes[-1].white == 600


def test_an_order_on_the_command_line_is_light_on_the_pins(tmp_path: Path) -> None:
    with running_lights(tmp_path, panel_words()) as lights:
        wait_for(lights, is_right)
        config = str(tmp_path / "rack.toml")
        said = ethoprofiler(
            *("lights", "override", "north", config, "--white", "20", "--minutes", "5"),
            *("--reason", "cage change", "--yes"),
        )
        assert (light().white, light().ir) == (200, 1000)
        assert "20 %" in said
        ethoprofiler("lights", "resume", "north", config)
        assert (light().white, light().ir) == (600, 1000)


def ethoprofiler(*arguments: str) -> str:
    done = subprocess.run(
        [*ETHOPROFILER, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
