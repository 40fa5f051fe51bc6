"""Racks with light for tests."""

from pathlib import Path
from typing import Final

from click.testing import CliRunner, Result
from rich.console import Console, RenderableType

from appliance.command.lights import lights
from appliance.config import RackConfig
from appliance.light_check import light_check
from appliance.report import LightsDetail, PanelDetail, PanelOverride
from tests.appliance.rack_factory import rack, write_rack

NOW_NS: Final = 1_795_000_000_000_000_000
"""2026-11-18 12:06:40 in the standard time +01:00 of the test rack."""
PANELS: Final = """
[[lights.panel]]
name = "left"
driver = "simulated"
[[lights.panel]]
name = "right"
driver = "simulated"
"""


def change(at: str, *keys: str) -> str:
    """Return a change of the plan as it stands in a configuration."""
    return "\n".join(["[[lights.change]]", f"at = {at}", *keys, ""])


def lit_rack(folder: Path, *extra: str) -> RackConfig:
    """Return a rack of two cages with two panels and further keys and tables of `lights`."""
    return rack(folder, extra="\n".join(["[lights]", *extra, PANELS]))


def write_lit_rack(folder: Path, *extra: str) -> Path:
    """Write the configuration of `lit_rack`; return its path."""
    return write_rack(folder, extra="\n".join(["[lights]", *extra, PANELS]))


def remarks(folder: Path, *extra: str, panel: str = "left") -> list[str]:
    """Return what is unusual about a panel's plan."""
    config = lit_rack(folder, *extra)
    text = (folder / "rack.toml").read_text()
    (plan,) = light_check(config, text, NOW_NS, panel).plans
    return [*plan.remarks, *(remark for one in plan.settings for remark in one.remarks)]


def panel_detail(panel: str, **changes: object) -> PanelDetail:
    """Return a panel in order, in its light phase."""
    detail = PanelDetail(
        panel=panel,
        phase="light",
        white_scheduled=60,
        white_commanded=60,
        ir_commanded=100,
        white_measured=59,
        ir_measured=98,
        next_change_utc_ns=NOW_NS + 24_800_000_000_000,
        clock_off_s=-0.04,
        serial_number="EP-0042",
        port="/dev/ttyUSB0",
    )
    return detail.model_copy(update=changes)


def override_of(author: str, reason: str) -> PanelOverride:
    """Return white light of 80 % that ends in 12 min and 30 s."""
    until_ns = NOW_NS + 750_000_000_000
    return PanelOverride(white_percent=80, until_utc_ns=until_ns, author=author, reason=reason)


def lights_detail(*panels: PanelDetail, record_fault: str = "") -> LightsDetail:
    """Return what the lights worker says."""
    return LightsDetail(
        phase="light",
        zt_h=5.1,
        next_change_utc_ns=NOW_NS + 24_800_000_000_000,
        panels=panels,
        record_fault=record_fault,
    )


def run(*arguments: str | Path, answer: str | None = None) -> Result:
    """Return what `ethoprofiler lights` did, called by anna."""
    return CliRunner().invoke(
        lights,
        [str(one) for one in arguments],
        input=answer,
        env={"SUDO_USER": "anna"},
        prog_name="ethoprofiler lights",
    )


def shown(thing: RenderableType, width: int = 80) -> str:
    """Return what a terminal without colors shows, without blanks at the ends."""
    console = Console(width=width, color_system=None, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(thing)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
