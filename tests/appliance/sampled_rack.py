"""A rack's data folder with finished segments that can be sampled."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from click.testing import CliRunner, Result

from appliance.main import main
from appliance.segment_manifest import (
    Gap,
    LabelSummary,
    LightPhase,
    SegmentManifest,
    file_record,
    read_manifest,
    write_manifest,
)
from capture_hw.h264 import H264Writer
from inference.label_file import LabelRow, header
from tests.video_factory import moving_square

ZONE: Final = timezone(timedelta(hours=1))
_WIDTH, _HEIGHT = 48, 32
_CODES: Final = 8
_BLOCK_HEAD: Final = 12
"""More bytes than Matroska puts before a frame."""
EVERY: Final = ("--every", "10s", "--length", "5s")


def sample(data: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["dataset", "sample", str(data), str(out), *options])


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("*.mkv"))


def table(out: Path) -> list[dict[str, str]]:
    with (out / "clips.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def write_segment(
    data: Path,
    cage: int,
    start: str,
    times_ms: Sequence[int],
    *,
    animal: str | None = "m17",
    strain: str | None = "C57BL/6",
    gaps: Sequence[Gap] = (),
    late_ms: float = 0,
) -> Path:
    """Write a labelled segment that the recorder encoded; return the video's path.

    `start` is standard time such as 2026-11-22T06:00:00, `late_ms` what its name does not say.
    """
    moment = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    path = data / f"{cage:02d}" / f"{moment:%Y-%m-%d}" / f"{cage:02d}_{moment:%Y%m%d_%H%M%S}.mkv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with H264Writer(path, _WIDTH, _HEIGHT, 25) as writer:
        for picture, time_ms in zip(_scene(len(times_ms)), times_ms, strict=True):
            writer.write(picture, time_ms)
    labels = path.with_suffix(".csv")
    rows = [
        LabelRow(frame, frame % _CODES, time_ms, frame % 97 / 100)
        for frame, time_ms in enumerate(times_ms)
    ]
    labels.write_text(header("m@0") + "".join(row.line() for row in rows))
    start_utc_ns = round(moment.timestamp()) * 10**9 + round(late_ms * 10**6)
    manifest = SegmentManifest(
        cage=f"{cage:02d}",
        animal=animal,
        strain=strain,
        start_utc_ns=start_utc_ns,
        utc_offset="+01:00",
        light_phases=[LightPhase(phase="light", from_ms=0, zt_h=1.5)],
        width=_WIDTH,
        height=_HEIGHT,
        frames_per_second=25.0,
        frame_count=len(times_ms),
        first_ms=0,
        last_ms=times_ms[-1],
        gaps=list(gaps),
        labels=LabelSummary(
            model="m@0",
            model_sha256="0",
            preprocessing_sha256="0",
            crop=None,
            mean_confidence=0.5,
            undecodable_frames=0,
            behaviors={},
        ),
        video=file_record(path, lambda: None),
        label_file=file_record(labels, lambda: None),
    )
    write_manifest(path.with_suffix(".json"), manifest)
    return path


def destroy_frame(video: Path, number: int) -> None:
    """Overwrite a frame of a segment with the head of its block, so that nothing of it is found."""
    with av.open(str(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    position, size = packets[number].pos, packets[number].size
    assert position is not None
    content = bytearray(video.read_bytes())
    content[position - _BLOCK_HEAD : position + size] = bytes(_BLOCK_HEAD + size)
    video.write_bytes(content)


def change_manifest(video: Path, **values: Any) -> None:
    """Write a segment's manifest again with other values."""
    path = video.with_suffix(".json")
    write_manifest(path, read_manifest(path).model_copy(update=values))


def even(seconds: float, from_ms: int = 0) -> list[int]:
    """Return the times of frames, 25 a second."""
    return list(range(from_ms, from_ms + round(seconds * 1000), 40))


def shown(path: Path) -> list[tuple[int, bytes]]:
    """Return (time in ms since the first frame, luma) of each frame, decoded by FFmpeg alone."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            frames.append((frame.pts, rows[: frame.height, : frame.width].tobytes()))
    return [(pts - frames[0][0], luma) for pts, luma in frames]


@cache
def _scene(count: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return moving_square(count, width=_WIDTH, height=_HEIGHT)
