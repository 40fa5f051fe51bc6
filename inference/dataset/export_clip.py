"""One clip of a data set, read for being written in another layout."""

from dataclasses import dataclass

from inference.dataset.frame_count import count_frames, decoded_frames
from inference.dataset.source import ClipSource, Codes
from inference.error import DataSetError, VideoError


@dataclass(frozen=True, slots=True)
class ExportedClip:
    """What is known of a clip: codes (frames,), 0..8."""

    source: ClipSource
    learned: Codes
    judged: Codes | None
    """None if the clip never validates."""


def read_clip(source: ClipSource) -> ExportedClip:
    """Read a clip's annotations; raises DataSetError.

    The video is decoded only if its packets and the annotation do not agree on its length.
    """
    try:
        frames = count_frames(source.video).frames
        try:
            learned = source.annotation.read(frames)
        except DataSetError:
            frames = decoded_frames(source.video)
            learned = source.annotation.read(frames)
    except VideoError as error:
        raise DataSetError(str(error)) from error
    held_out = source.held_out_annotation
    if held_out is None or held_out == source.annotation:
        return ExportedClip(source, learned, None if held_out is None else learned)
    return ExportedClip(source, learned, held_out.read(frames))
