"""Writes a segment frame by frame as a recorder does, for those who follow it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from numpy.typing import NDArray

from capture_hw.segment_journal import JournalWriter, SegmentEnd, SegmentGap, SegmentHeader

BOOT: Final = "5a4d4b2c-0000-4000-8000-000000000001"
START_UTC_NS: Final = 1_795_000_000_000_000_000
START_MONOTONIC_NS: Final = 7_000_000_000_000
_ENCODER: Final = {"preset": "ultrafast", "tune": "zerolatency", "crf": "28"}
_MUXER: Final = {"cluster_time_limit": "0", "flush_packets": "1"}


class SegmentWriter:
    """A segment under its `.part` name; `close` gives it its own, leaving it open means a kill."""

    def __init__(self, video: Path, width: int = 96, height: int = 96) -> None:
        video.parent.mkdir(parents=True, exist_ok=True)
        self.video = video
        self.part = video.with_name(video.name + ".part")
        self._size = width, height
        self._container = av.open(str(self.part), "w", format="matroska", options=dict(_MUXER))
        self._container.metadata["START_UTC_NS"] = str(START_UTC_NS)
        stream = self._container.add_stream("libx264", rate=25, options=dict(_ENCODER))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        stream.codec_context.gop_size = 50
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._container.start_encoding()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    def write(self, picture: NDArray[np.uint8], time_ms: int) -> None:
        width, height = self._size
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            np.frombuffer(memoryview(plane), np.uint8)[:] = 128
        luma = frame.planes[0]
        np.frombuffer(memoryview(luma), np.uint8).reshape(-1, luma.line_size)[:height, :width] = (
            picture
        )
        frame.pts = time_ms
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file and give it its name."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self.part.rename(self.video)


def write_segment(
    video: Path, pictures: Sequence[NDArray[np.uint8]], times_ms: Sequence[int] | None = None
) -> Path:
    """Write a whole segment."""
    height, width = pictures[0].shape
    with SegmentWriter(video, width, height) as writer:
        for number, picture in enumerate(pictures):
            writer.write(picture, 40 * number if times_ms is None else times_ms[number])
        writer.close()
    return video


def segment_header(
    video: Path,
    start_s: float = 0.0,
    *,
    boot: str = BOOT,
    utc_ns: int = START_UTC_NS,
    monotonic_ns: int = START_MONOTONIC_NS,
) -> SegmentHeader:
    """Return a journal's first line; the segment starts `start_s` after the usual moment."""
    return SegmentHeader(
        stem=video.stem,
        tags={
            "facility": "test-site",
            "rack": "rack-a",
            "cage": video.stem[:2],
            "animal": "m-17",
            "strain": "C57BL/6J",
            "lights_on": "07:00:00",
            "light_hours": "12.0",
        },
        start_utc_ns=utc_ns + round(start_s * 1e9),
        start_monotonic_ns=monotonic_ns + round(start_s * 1e9),
        boot_id=boot,
        utc_offset="+01:00",
        clock_synchronized=True,
        width=96,
        height=96,
        fps=25.0,
        copied=False,
    )


def write_journal(
    video: Path,
    header: SegmentHeader,
    gaps: Sequence[SegmentGap] = (),
    end: SegmentEnd | None = None,
) -> Path:
    """Write a journal beside a segment."""
    video.parent.mkdir(parents=True, exist_ok=True)
    writer = JournalWriter(video.with_name(f"{video.stem}.journal.part"), header)
    for gap in gaps:
        writer.add_gap(gap)
    if end is not None:
        writer.add_end(end)
    writer.close()
    return writer.path


def repair(video: Path) -> None:
    """Copy the whole packets of `.mkv.part` into `.mkv` and remove it, as a recorder does."""
    part = video.with_name(video.name + ".part")
    copy = video.with_name(video.name + ".repair")
    with av.open(str(part), "r") as source, av.open(str(copy), "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet in packets:
            packet.stream = stream
            target.mux(packet)
    copy.replace(video)
    part.unlink()
