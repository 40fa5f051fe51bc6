"""Prepared states of light panels, every figure written out."""

from appliance.report import LightsDetail, PanelDetail, PanelOverride
from appliance.status import RackStatus, WorkerStatus
from tests.tui.rack_state import NOW_NS, OTHERS, SECOND_NS, cage, rack, worker

BY_HAND = PanelOverride(
    white_percent=20,
    until_utc_ns=NOW_NS + 1_016 * SECOND_NS,
    author="maria",
    reason="cage change",
)
"""Until 12:20:00 in standard time."""

WHITE_IN_THE_DARK = (
    "panel bottom: white light is on in the dark: measured at 35 % where 0 % is commanded"
)


def panel(name: str = "top", **more: object) -> PanelDetail:
    fields: dict[str, object] = {
        "panel": name, "phase": "light", "white_scheduled": 60, "white_commanded": 60,
        "ir_commanded": 100, "white_measured": 59, "ir_measured": 100,
        "next_change_utc_ns": NOW_NS + 25_016 * SECOND_NS, "clock_off_s": 0.04,
        "serial_number": "LIGHT01", "port": "/dev/ttyUSB0", "line_faults": 2, "resets": 1,
    }  # fmt: skip
    return PanelDetail.model_validate(fields | more)


def lit_rack(*panels: PanelDetail) -> RackStatus:
    """A rack whose odd cages are before `top` and whose even cages are before `bottom`."""
    lights = LightsDetail(
        phase="light", zt_h=5.05, next_change_utc_ns=NOW_NS + 25_016 * SECOND_NS,
        panels=panels or (panel(),),
    )  # fmt: skip
    cages = tuple(cage(number, panel=("bottom", "top")[number % 2]) for number in range(1, 11))
    return rack(cages, lights=lights)


def hand_lit_rack() -> RackStatus:
    """One panel by hand, in another's dark phase a lamp that does not go out."""
    bottom = panel(
        "bottom", phase="dark", white_scheduled=0, white_commanded=0, white_measured=35,
        ir_measured=None, clock_off_s=-131.0, line_faults=0, resets=0, keeps_schedule=False,
        serial_number="", port="/dev/serial/by-id/usb-rs485-if00-port0",
        reason=WHITE_IN_THE_DARK,
    )  # fmt: skip
    top = panel(white_commanded=20, white_measured=20, override=BY_HAND)
    return lit_rack(top, bottom)


def unwatched_rack() -> RackStatus:
    """The lights worker has died."""
    failed = worker("lights", "failed", pid=None, reason="ended with exit code 1", next_start_s=4)
    return rack(lights=None, workers=(*_others(), failed))


def silent_rack() -> RackStatus:
    """The lights worker has said nothing for a while; what it said last is still there."""
    silent = worker("lights", reason="no report for 12 s")
    return lit_rack().model_copy(update={"workers": (*_others(), silent)})


def dark_rack() -> RackStatus:
    """A rack without panels."""
    return rack(lights=None, workers=_others())


def _others() -> tuple[WorkerStatus, ...]:
    return tuple(worker(name) for name in ("classifier", *OTHERS) if name != "lights")
