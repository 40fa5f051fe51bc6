"""How far a panel's clock drifts in a week: alone, trimmed, with an RTC, with its host."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.light_clock import LightClock
from appliance.override_book import OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_keeper import PanelKeeper
from capture_hw.light_config import LightConfig
from capture_hw.light_setting import plan_of
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.reconnection import ReconnectingPanel
from tests.appliance.light_room import STANDARD_TIME, Room
from tests.firmware.emulated_panel import EmulatedPanel, SteppedPort, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware, built_firmware
from tests.firmware.host import NOON_S, Host

DAYS: Final = 7
LIMIT_S: Final = 1.1
"""Of a clock that its host keeps. Source: appliance/panel_time.py, it is set at a second."""
_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3600.0
_ACCELERATION: Final = 120
"""A tick is a second of the panel then, which is how exactly its clock can be read."""
_RTC_PPM: Final = 2.0
_LOOK_S: Final = 1.0
_ROOM_LOOK_S: Final = 5.0
"""Not each second, as in a rack: a week has many; often enough to measure a rate in 200 s."""
_SAMPLE_S: Final = 0.37


@dataclass(frozen=True, slots=True)
class Kept:
    """What a host has made of a panel's clock."""

    eeprom: bytes
    trim_ppm: int
    largest_s: float
    end_s: float


def print_drift(folder: Path, crystals_ppm: list[float], host_hours: float) -> bool:
    """Print the drift of each crystal; return whether hosts keep the time."""
    plain, fast = built_firmware(folder), built_firmware(folder, acceleration=_ACCELERATION)
    print(f"\ndrift in {DAYS} days")
    is_well = True
    for ppm in crystals_ppm:
        alone_s = _left_alone_s(fast, ppm, None)
        _print(ppm, "without RTC, host dead", alone_s)
        kept = _kept_by_host(plain, ppm, host_hours)
        print(
            f"  {ppm:+5.0f} ppm  with host, firmware, {host_hours:g} h: at most "
            f"{kept.largest_s:.2f} s, at the end {kept.end_s:+.2f} s, trim {kept.trim_ppm:+d} ppm",
            flush=True,
        )
        _print(ppm, "without RTC, trimmed so, host dead", _left_alone_s(fast, ppm, kept.eeprom))
        _print_rtc(plain, ppm)
        largest_s, end_s = _week_in_a_room(ppm)
        print(
            f"  {ppm:+5.0f} ppm  with host, simulated panel, {DAYS} days: at most "
            f"{largest_s:.2f} s, at the end {end_s:+.2f} s",
            flush=True,
        )
        is_well &= kept.largest_s <= LIMIT_S and largest_s <= LIMIT_S
    return is_well


def _print(ppm: float, how: str, end_s: float) -> None:
    a_day = end_s / DAYS
    print(f"  {ppm:+5.0f} ppm  {how}: {a_day:+.2f} s a day, {end_s:+.1f} s at the end", flush=True)


def _left_alone_s(built: BuiltFirmware, ppm: float, eeprom: bytes | None) -> float:
    """Return by how much the clock is wrong after a week in which nobody talks to the panel."""
    with on_the_bench(built, eeprom=eeprom) as panel:
        panel.set_crystal(ppm)
        host = Host(panel)
        panel.run(0.05)
        host.set_time(NOON_S)
        before_s = _ahead_s(host, built)
        panel.run(DAYS * _DAY_S / built.acceleration)
        return _ahead_s(host, built) - before_s


def _ahead_s(host: Host, built: BuiltFirmware) -> float:
    """Return the panel's clock less the true time."""
    now_s = host.now_s()
    return now_s - NOON_S - (host.panel.monotonic() - host.took_s / 2) * built.acceleration


def _kept_by_host(built: BuiltFirmware, ppm: float, hours: float) -> Kept:
    """Let the real keeper look after the real firmware, both in simulated time."""
    with (
        tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
        on_the_bench(built) as panel,
    ):
        panel.set_crystal(ppm)
        panel.run(0.05)
        keeper = _keeper(panel, Path(name))
        off_s: list[float] = []
        while panel.monotonic() < hours * _HOUR_S:
            due_s = panel.monotonic() + _LOOK_S
            off_s.append(keeper.look().detail.clock_off_s or 0.0)
            panel.run(max(0.0, due_s - panel.monotonic()))
        trim_ppm = keeper.panel.sense().trim_ppm
        return Kept(panel.eeprom, trim_ppm, max(abs(one) for one in off_s), off_s[-1])


def _keeper(panel: EmulatedPanel, folder: Path) -> PanelKeeper:
    opener = PanelOpener(
        "north", None, lambda: ["bench"], lambda _: SteppedPort(panel), panel.monotonic
    )
    clock = LightClock(
        lambda: round((NOON_S + panel.monotonic()) * 1e9), panel.monotonic, lambda: True
    )
    return PanelKeeper(
        ReconnectingPanel("north", opener, panel.monotonic),
        plan_of(LightConfig(), STANDARD_TIME),
        100,
        clock,
        STANDARD_TIME,
        OverrideWatch("north", OverrideBook(folder / "north.json")),
    )


def _print_rtc(built: BuiltFirmware, ppm: float) -> None:
    """Print how close the panel's clock is to its RTC within an hour, and the RTC's own drift."""
    with on_the_bench(built) as panel:
        panel.set_crystal(ppm)
        panel.set_rtc(drift_ppm=_RTC_PPM)
        host = Host(panel)
        panel.run(0.05)
        host.set_time(NOON_S)
        panel.run(60)
        apart_s: list[float] = []
        while panel.monotonic() < _HOUR_S:
            panel.run(_SAMPLE_S)
            apart_s.append(host.now_s() - panel.rtc_s + host.took_s / 2)
    end_s = DAYS * _DAY_S * _RTC_PPM / 1e6
    apart = max(abs(one) for one in apart_s)
    _print(ppm, f"with an RTC that is {_RTC_PPM:g} ppm fast, host dead, reckoned", end_s)
    print(f"  {ppm:+5.0f} ppm    measured for an hour: at most {apart:.3f} s apart from that RTC")


def _week_in_a_room(ppm: float) -> tuple[float, float]:
    """Return the largest and the last error of a simulated panel that the real keeper keeps."""
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        room = Room(Path(name), at_h=7, has_rtc=False, quartz_ppm=ppm)
        largest_s = last_s = 0.0
        with room.keeper() as keeper:
            for _ in range(round(DAYS * _DAY_S / _ROOM_LOOK_S)):
                last_s = keeper.look().detail.clock_off_s or 0.0
                largest_s = max(largest_s, abs(last_s))
                room.wait(_ROOM_LOOK_S)
    return largest_s, last_s
