"""What the recorder wrote down reaches the manifest."""

from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest

from appliance.config import RackConfig
from appliance.segment_identity import light_phases, with_identity_of, with_journal
from appliance.segment_manifest import Anchor, FileRecord, Gap, LabelSummary, SegmentManifest
from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_plan import LightPlan
from capture_hw.light_plan_text import plan_text
from capture_hw.light_setting import plan_of
from capture_hw.segment_journal import Journal, SegmentAnchor, SegmentGap
from tests.appliance.rack_factory import rack
from tests.segment_writer import segment_header

_HOUR_MS: Final = 3_600_000
_BERLIN: Final = timezone(timedelta(hours=1))
_FILE = FileRecord(name="a", size=1, sha256="0")
_MANIFEST = SegmentManifest(
    width=64,
    height=48,
    frames_per_second=25.0,
    frame_count=2,
    first_ms=0,
    last_ms=40,
    gaps=[],
    labels=LabelSummary(
        model="m@0",
        model_sha256="0",
        preprocessing_sha256="0",
        crop=None,
        mean_confidence=None,
        undecodable_frames=0,
        behaviors={},
    ),
    video=_FILE,
    label_file=_FILE,
)


def test_anchors_of_the_journal_are_in_the_manifest_and_stay_there(tmp_path: Path) -> None:
    journal = Journal(
        header=segment_header(Path("01_20261122_060000.mkv")),
        gaps=(),
        anchors=(SegmentAnchor(at_ms=1960, utc_ns=7),),
        end=None,
    )
    manifest = with_journal(_MANIFEST, journal, rack(tmp_path))
    assert manifest.anchors == [Anchor(at_ms=1960, utc_ns=7)]
    assert manifest.start_utc_ns == journal.header.start_utc_ns
    assert with_identity_of(_MANIFEST, manifest).anchors == manifest.anchors


def test_camera_and_encoder_of_the_journal_are_in_the_manifest_and_stay_there(
    tmp_path: Path,
) -> None:
    header = segment_header(Path("01_20261122_060000.mkv")).model_copy(
        update={"camera": "simulated seed 7", "encoder": "libx264 superfast crf 28"}
    )
    gap = SegmentGap(from_ms=0, to_ms=960, frames_lost=12, cause="camera dropped frames", count=12)
    journal = Journal(header=header, gaps=(gap,), end=None)
    manifest = with_journal(_MANIFEST, journal, rack(tmp_path))
    later = with_identity_of(_MANIFEST, manifest)
    assert (later.camera, later.encoder) == ("simulated seed 7", "libx264 superfast crf 28")
    assert later.gaps == [
        Gap(from_ms=0, to_ms=960, frames_lost=12, cause="camera dropped frames", count=12)
    ]


def _from(plan: LightPlan, start: str, hours: int) -> list[tuple[str, float, float]]:
    """Return phase, hour and ZT of each part of a segment that starts at a moment in UTC."""
    start_ns = round(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 10**9
    found = light_phases(plan, start_ns, hours * _HOUR_MS)
    return [(part.phase, part.from_ms / _HOUR_MS, part.zt_h) for part in found]


def test_a_day_has_a_part_for_light_and_one_for_dark() -> None:
    plan = plan_of(LightConfig(), _BERLIN)
    assert _from(plan, "2026-11-22T05:00", 24) == [
        *(("dark", 0, 23.0), ("light", 1, 0.0), ("dark", 13, 12.0)),
    ]


def test_parts_begin_where_zeitgeber_time_does_not_count_on() -> None:
    jet_lag = LightChange(at=datetime(2026, 11, 22, 9), lights_on=time(5))
    dark = LightChange(at=datetime(2026, 11, 22, 17), light_hours=0)
    plan = plan_of(LightConfig(change=(jet_lag, dark)), _BERLIN)
    assert _from(plan, "2026-11-22T07:00", 24) == [
        *(("light", 0, 1.0), ("light", 1, 4.0), ("dark", 9, 12.0), ("dark", 21, 0.0)),
    ]


def test_in_a_long_cycle_zeitgeber_time_passes_24_h() -> None:
    long = LightChange(at=datetime(2026, 11, 22, 7), lights_on=time(7), cycle_hours=30)
    plan = plan_of(LightConfig(change=(long,)), _BERLIN)
    assert _from(plan, "2026-11-23T07:00", 7) == [("dark", 0, 25.0), ("light", 5, 0.0)]


def _phases(config: RackConfig, tags: dict[str, str]) -> list[tuple[str, int, float]]:
    """Return the light of a segment of cage 1 that starts at 12:06:40 local time."""
    header = segment_header(Path("01_20261122_060000.mkv"))
    own = {key: value for key, value in header.tags.items() if not key.startswith("light")}
    journal = Journal(header=header.model_copy(update={"tags": own | tags}), gaps=(), end=None)
    found = with_journal(_MANIFEST, journal, config).light_phases
    assert found is not None
    return [(part.phase, part.from_ms, part.zt_h) for part in found]


def test_a_segment_keeps_the_light_plan_that_it_was_recorded_under(tmp_path: Path) -> None:
    recorded_under = plan_text(plan_of(LightConfig(lights_on=time(9)), _BERLIN))
    assert _phases(rack(tmp_path), {}) == [("light", 0, 5.1111)]
    assert _phases(rack(tmp_path), {"light_plan": recorded_under}) == [("light", 0, 3.1111)]


def test_a_segment_of_version_0_1_has_lights_on_and_hours_of_light(tmp_path: Path) -> None:
    tags = {"lights_on": "09:00:00", "light_hours": "12.0"}
    assert _phases(rack(tmp_path), tags) == [("light", 0, 3.1111)]


@pytest.mark.parametrize("tag", ["", "2;0 0 86400 0 0 0", "1;0 0 86400 0 0"])
def test_a_light_plan_that_cannot_be_read_is_that_of_the_configuration(
    tmp_path: Path, tag: str
) -> None:
    assert _phases(rack(tmp_path), {"light_plan": tag}) == _phases(rack(tmp_path), {})
