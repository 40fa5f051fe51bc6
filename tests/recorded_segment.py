"""A whole segment on the disk, as a rack leaves it: video, label file, manifest."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

import av

from appliance.segment_manifest import (
    Gap,
    LabelSummary,
    SegmentManifest,
    file_record,
    write_manifest,
)
from capture_hw.copied_video import CopiedVideo
from inference.label_file import LabelRow, header
from tests.capture_hw.scripted_camera import HEIGHT, WIDTH, picture

START_UTC_NS: Final = 1_795_341_600_000_000_000
STEM: Final = "03_20261122_110000"
_KEY_EVERY: Final = 10
TAGS: Final = {
    "CAGE": "03",
    "ANIMAL": "m17",
    "START_UTC_NS": str(START_UTC_NS),
    "START_MONOTONIC_NS": "7000",
    "BOOT_ID": "boot",
}


def write_video(
    path: Path,
    times_ms: Sequence[int],
    *,
    tags: dict[str, str] = TAGS,
    key_every: int = _KEY_EVERY,
    closed: bool = True,
) -> Path:
    """Write a frame at each time as the recorder does; not `closed` is as after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    units = small_units(len(times_ms), key_every)
    video = CopiedVideo(path, units[0][0], 25.0, tags)
    for (unit, is_key), time_ms in zip(units, times_ms, strict=True):
        video.write(unit, time_ms, is_key=is_key)
    if closed:
        video.finish()
        return path
    content = path.read_bytes()
    video.abandon()
    path.write_bytes(content)
    return path


def write_recorded(
    data: Path,
    times_ms: Sequence[int] = tuple(range(0, 4000, 40)),
    *,
    gaps: Sequence[Gap] = (),
    tags: dict[str, str] = TAGS,
    key_every: int = _KEY_EVERY,
    closed: bool = True,
) -> Path:
    """Write all three files of a segment into a data folder; return the video's path."""
    path = data / "03" / "2026-11-22" / f"{STEM}.mkv"
    write_video(path, times_ms, tags=tags, key_every=key_every, closed=closed)
    describe(path, times_ms, gaps)
    return path


def describe(path: Path, times_ms: Sequence[int], gaps: Sequence[Gap] = ()) -> None:
    """Write label file and manifest of a video."""
    rows = [LabelRow(number, 6, time_ms, 0.9) for number, time_ms in enumerate(times_ms)]
    labels = path.with_suffix(".csv")
    labels.write_text(header("m@0") + "".join(row.line() for row in rows))
    summary = LabelSummary(
        model="m@0",
        model_sha256="0",
        preprocessing_sha256="0",
        crop=None,
        mean_confidence=0.9,
        undecodable_frames=sum(gap.frames_lost for gap in gaps if gap.cause == "undecodable"),
        behaviors={},
    )
    manifest = SegmentManifest(
        cage="03",
        start=datetime.fromtimestamp(START_UTC_NS // 10**9, UTC),
        start_utc_ns=START_UTC_NS,
        start_monotonic_ns=7000,
        boot_id="boot",
        utc_offset="+01:00",
        closed_in_order=True,
        width=WIDTH,
        height=HEIGHT,
        frames_per_second=25.0,
        frame_count=len(times_ms),
        first_ms=0,
        last_ms=times_ms[-1],
        gaps=list(gaps),
        labels=summary,
        video=file_record(path, lambda: None),
        label_file=file_record(labels, lambda: None),
    )
    write_manifest(path.with_suffix(".json"), manifest)


@cache
def small_units(count: int, key_every: int = _KEY_EVERY) -> tuple[tuple[bytes, bool], ...]:
    """Return (Annex B unit, is key frame) of a gray wedge with a moving bar."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = key_every, 0, 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    units = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(picture(number), "gray").reformat(format="yuv420p")
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return tuple(units)
