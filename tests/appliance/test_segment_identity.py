"""What the recorder wrote down reaches the manifest."""

from pathlib import Path

from appliance.segment_identity import with_identity_of, with_journal
from appliance.segment_manifest import Anchor, FileRecord, Gap, LabelSummary, SegmentManifest
from capture_hw.segment_journal import Journal, SegmentAnchor, SegmentGap
from tests.appliance.rack_factory import rack
from tests.segment_writer import segment_header

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
