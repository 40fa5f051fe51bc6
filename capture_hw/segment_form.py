"""Whether a video has the form of a segment, so that a copy of its frames is all that it holds."""

from pathlib import Path

from av.container import InputContainer

from capture_hw.error import StorageError
from capture_hw.segment_tail import open_segment


class ForeignVideo(StorageError):
    """The file holds what no recorder writes, and a repair would lose it."""


def check_form(path: Path) -> None:
    """Raise ForeignVideo unless a file is one H.264 stream without B-frames, or no video at all.

    Raises StorageError too if the disk does not give the content.
    """
    container = open_segment(path)
    if container is None:
        return
    with container:
        reason = _foreign(container)
    if reason is not None:
        raise ForeignVideo(f"{path}: {reason}, which a repair would lose; it is left as it is")


def _foreign(container: InputContainer) -> str | None:
    if len(container.streams) != 1:
        kinds = sorted({stream.type for stream in container.streams})
        return f"holds {len(container.streams)} streams ({', '.join(kinds)})"
    codec = container.streams.video[0].codec_context
    if codec.name != "h264":
        return f"holds {codec.name}, not H.264"
    return "has B-frames" if codec.has_b_frames else None
