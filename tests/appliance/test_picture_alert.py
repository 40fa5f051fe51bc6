"""When people are called because of a camera's picture."""

import pytest

from appliance.alert import Finding
from appliance.picture_alert import picture_findings
from appliance.report import CagePicture
from tests.appliance.rack_factory import cage_status, recorder_detail


def picture(**changes: object) -> CagePicture:
    fields: dict[str, object] = {
        "cage": 3, "segment": "03_20261122_060000", "age_s": 1.0, "mean_luma": 87.0,
        "bright_part": 0.0, "dark_part": 0.2, "sharpness": 0.17, "change": 1.7, "novelty": 1.0,
        "shift_px": 0.0, "likeness": 0.9, "focus": 1.0, "is_commissioned": True, "faults": (),
    }  # fmt: skip
    return CagePicture.model_validate(fields | changes)


def findings(seen: CagePicture | None, **changes: object) -> list[Finding]:
    return list(picture_findings(cage_status(3, picture=seen, **changes)))


@pytest.mark.parametrize(
    ("fault", "severity"),
    [
        ("frozen", "critical"),
        ("black", "critical"),
        ("obstructed", "critical"),
        ("bright", "warning"),
        ("unfocused", "warning"),
        ("moved", "warning"),
    ],
)
def test_each_fault_is_a_finding_of_its_own(fault: str, severity: str) -> None:
    seen = picture(faults=(fault,), sentences=("what it looks like, 12 %",))
    (found,) = findings(seen)
    assert found.id == f"cage-03-{fault}"
    assert found.kind == "picture"
    assert found.severity == severity
    assert found.text == "cage 03: what it looks like, 12 %"
    assert found.after_s == 0


def test_a_good_picture_is_no_finding_and_neither_is_a_watch_that_has_not_reported() -> None:
    assert findings(picture()) == []
    assert findings(None) == []


def test_a_cage_that_is_not_recorded_is_not_judged() -> None:
    seen = picture(faults=("frozen",), sentences=("it stands still",), age_s=300.0)
    assert findings(seen, recorder=recorder_detail(state="lost")) == []
    assert findings(seen, recorder=None) == []


def test_a_recorded_cage_without_a_picture_for_thirty_seconds_is_a_finding() -> None:
    assert findings(picture(age_s=9.0)) == []
    (old,) = findings(picture(age_s=34.0))
    assert old.id == "cage-03-unwatched"
    assert old.text == (
        "cage 03: it is recorded, but no picture was seen by the picture watch for 34 s"
    )
    (none,) = findings(picture(age_s=None))
    assert none.text == "cage 03: it is recorded, but no picture was seen by the picture watch"
    assert none.after_s + 10 == 30


def test_a_fault_in_a_picture_of_long_ago_is_not_told_as_present() -> None:
    seen = picture(faults=("black",), sentences=("it is black",), age_s=18_000.0)
    assert [found.id for found in findings(seen)] == ["cage-03-unwatched"]


def test_a_reference_that_cannot_be_used_is_a_finding() -> None:
    (found,) = findings(picture(reason="/state/commission/03.png: is torn or damaged"))
    assert found.id == "cage-03-watch"
    assert found.text == "cage 03: /state/commission/03.png: is torn or damaged"
    assert found.severity == "warning"
