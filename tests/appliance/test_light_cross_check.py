"""Infrared light that a panel says it gives and no camera sees."""

import pytest

from appliance.light_cross_check import unseen_light
from appliance.report import CagePicture, PanelDetail
from appliance.status import CageStatus, RackStatus
from capture_hw.picture_fault import PictureFault
from tests.appliance.light_rack import lights_detail, panel_detail
from tests.appliance.rack_factory import rack_status


def picture(cage: int, *faults: PictureFault, age_s: float = 1.0) -> CagePicture:
    return CagePicture(
        cage=cage,
        segment=None,
        age_s=age_s,
        mean_luma=17.0,
        bright_part=0.0,
        dark_part=1.0,
        sharpness=0.1,
        change=None,
        novelty=None,
        shift_px=None,
        likeness=None,
        focus=None,
        is_commissioned=False,
        faults=faults,
    )


def status(panel: PanelDetail, *seen: CagePicture | None) -> RackStatus:
    """Return a rack whose cages are all before the panel `left`."""
    whole = rack_status(len(seen))
    cages: list[CageStatus] = [
        cage.model_copy(update={"picture": found, "panel": "left"})
        for cage, found in zip(whole.cages, seen, strict=True)
    ]
    return whole.model_copy(update={"cages": tuple(cages), "lights": lights_detail(panel)})


def said(panel: PanelDetail, *seen: CagePicture | None) -> list[str]:
    return [finding.text for finding in unseen_light(status(panel, *seen))]


def test_all_cages_black_is_the_panels_fault() -> None:
    found = list(
        unseen_light(status(panel_detail("left"), picture(1, "black"), picture(2, "black")))
    )
    assert [(one.id, one.severity, one.text) for one in found] == [
        (
            "panel-left-unseen",
            "critical",
            "panel left: its 2 cages see no infrared light though it measures 98 %",
        )
    ]


def test_without_a_sensor_the_command_is_said() -> None:
    panel = panel_detail("left", ir_measured=None)
    assert said(panel, picture(1, "black"), picture(2, "black")) == [
        "panel left: its 2 cages see no infrared light though 100 % is commanded"
    ]


@pytest.mark.parametrize(
    "seen",
    [
        (picture(1, "black"), picture(2)),
        (picture(1, "black"), picture(2, "black", age_s=11.0)),
        (picture(1, "black"), None),
        (picture(1, "obstructed"), picture(2, "obstructed")),
        (picture(1, "black"),),
    ],
)
def test_a_single_black_cage_is_the_cameras_own_alert(seen: tuple[CagePicture | None, ...]) -> None:
    assert said(panel_detail("left"), *seen) == []


def test_a_panel_that_says_itself_what_is_wrong_is_not_told_twice() -> None:
    panel = panel_detail("left", reason="panel left: does not answer")
    assert said(panel, picture(1, "black"), picture(2, "black")) == []


def test_cages_before_another_panel_do_not_count() -> None:
    assert said(panel_detail("right"), picture(1, "black"), picture(2, "black")) == []
