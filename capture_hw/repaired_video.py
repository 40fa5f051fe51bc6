"""Whether the video beside a leftover holds all that the leftover holds."""

from pathlib import Path

from capture_hw.ebml import read_index
from capture_hw.segment_tail import (
    NOTHING_IN_IT_BYTES,
    SegmentTags,
    last_frame_ms,
    open_segment,
    read_tags,
)


def has_all_of(video: Path, part: Path) -> bool:
    """Say whether a video was closed in order and goes on as long as a leftover of the same.

    A video that a killed repair has named is so; a copy that was broken off is not. Raises
    StorageError, OSError.
    """
    part_ms = last_frame_ms(part)
    if part_ms is None:
        return part.stat().st_size <= NOTHING_IN_IT_BYTES
    index = read_index(video)
    if index.duration_ms is None or not index.has_cues:
        return False
    video_ms = last_frame_ms(video)
    return video_ms is not None and video_ms >= part_ms and _tags_of(video) == _tags_of(part)


def _tags_of(path: Path) -> SegmentTags | None:
    container = open_segment(path)
    if container is None:
        return None
    with container:
        return read_tags(container)
