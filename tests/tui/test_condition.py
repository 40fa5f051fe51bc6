"""What is said of a cage and of the whole rack."""

import pytest

from appliance.status import CageStatus
from tests.tui.light_state import hand_lit_rack
from tests.tui.rack_state import NOW_NS, cage, label, rack, recorder, troubled_rack, worker
from tests.tui.stage import ZONE
from tui.condition import condition_of, is_current, label_sentence
from tui.line import joined
from tui.rack_summary import rack_lines

STOPPED = worker("recorder-01", "stopped")


@pytest.mark.parametrize(
    ("status", "word", "level"),
    [
        (cage(1), "RECORDING", "good"),
        (cage(1, recorder=recorder(1, "opening")), "OPENING", "busy"),
        (cage(1, recorder=recorder(1, "stalled")), "STALLED", "bad"),
        (cage(1, recorder=recorder(1, "lost")), "NO CAMERA", "bad"),
        (cage(1, recorder=recorder(1, "storage")), "NO DISK", "bad"),
        (cage(1, worker=worker("recorder-01", "failed")), "FAILED", "bad"),
        (cage(1, worker=worker("recorder-01", "starting")), "STARTING", "busy"),
        (cage(1, worker=STOPPED), "STOPPED", "busy"),
        (cage(1, worker=STOPPED, wanted=False), "STOPPED", "off"),
        (cage(1, wanted=False), "STOPPING", "off"),
        (cage(1, recorder=None), "SILENT", "bad"),
        (cage(1, worker=worker("recorder-01", reason="no report for 4 s")), "RECORDING", "busy"),
    ],
)
def test_every_state_of_a_recording_has_its_word(status: CageStatus, word: str, level: str) -> None:
    condition = condition_of(status)
    assert (condition.word, condition.level) == (word, level)
    assert len(condition.word) <= 9


def test_a_failed_recorder_says_why_and_when_it_starts_again() -> None:
    failed = worker("recorder-01", "failed", reason="exit code 1", next_start_s=8.0)
    assert condition_of(cage(1, worker=failed)).sentence == "exit code 1; next start in 8 s"


@pytest.mark.parametrize(
    "status",
    [
        cage(1, recorder=recorder(1, "stalled")),
        cage(1, recorder=None),
        cage(1, wanted=False),
        cage(1, label=None),
        cage(1, label=label(1, "eat", lag_s=31.0)),
        cage(1, worker=worker("recorder-01", "failed")),
    ],
)
def test_a_behavior_is_not_called_current_when_it_need_not_be(status: CageStatus) -> None:
    assert not is_current(status)


def test_late_labels_and_faults_are_said() -> None:
    assert is_current(cage(1))
    assert label_sentence(label(1, "eat", lag_s=312.0)) == "labels are 5 min 12 s behind"
    assert label_sentence(label(1, "eat", fault="01_x.mkv: unreadable")) == "01_x.mkv: unreadable"
    assert label_sentence(label(1, "eat")) == ""


def test_the_rack_line_says_what_all_cages_share() -> None:
    assert joined(rack_lines(rack(), ZONE, 200)) == (
        " light light, ZT 05:03, dark in 6 h 57 min · disk 13 d 01 h left (1.4 TB) · broker ok · "
        "upload 3 files, 4.2 GB · clock ok"
    )


def test_the_rack_line_names_every_trouble() -> None:
    shown = joined(rack_lines(troubled_rack(), ZONE, 80))
    assert "broker AWAY, 1,204 events wait connection refused" in shown
    assert "clock NOT SYNCHRONIZED" in shown
    assert "classifier FAILED no beat for 10 s; next start in 2 s" in shown


def test_what_is_not_configured_is_told_from_what_is_silent() -> None:
    nothing = rack(workers=(), lights=None, publisher=None, uploader=None, disk=None)
    silent = rack(lights=None, publisher=None, uploader=None)
    assert joined(rack_lines(nothing, ZONE, 200)) == (
        " light no panel · disk unknown · broker none · upload no store · clock ok"
    )
    assert joined(rack_lines(silent, ZONE, 200)).startswith(" light no report · disk 13 d 01 h")


def test_a_panel_that_disagrees_is_named() -> None:
    lights = rack().lights
    assert lights is not None
    panel = lights.panels[0].model_copy(update={"reason": "panel top: does not answer"})
    dark = lights.model_copy(
        update={"panels": (panel,), "phase": "dark", "next_change_utc_ns": NOW_NS}
    )
    shown = joined(rack_lines(rack(lights=dark), ZONE, 200))
    assert shown.startswith(" light dark, ZT 05:03, light in 0 s; panel top: does not answer · ")


def test_light_by_hand_stands_beside_a_fault() -> None:
    shown = joined(rack_lines(hand_lit_rack(), ZONE, 200))
    assert shown.startswith(
        " light light, ZT 05:03, dark in 6 h 56 min; panel bottom: white light is on in the dark: "
        "measured at 35 % where 0 % is commanded · light by hand until 12:20 (top) · disk"
    )
