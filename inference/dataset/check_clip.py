"""Reading one clip's files for an inspection, without decoding its video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.annotation import AnnotationFile, disorder_of, kind_of
from inference.dataset.frame_count import FrameCount, count_frames, decoded_frames
from inference.dataset.inspection import InspectedClip
from inference.dataset.source import Annotation, ClipSource, Codes, Fault
from inference.error import DataSetError, InferenceError, LabelFileError
from inference.ethogram import CODE_NAMES
from inference.label_file import read_codes
from inference.preprocessing import Preprocessing

_STACK_FRAMES: Final = Preprocessing().stack_length
_PACKET_IS_FRAME: Final = frozenset({".mkv", ".mp4"})
"""With the codecs that are used in them."""


@dataclass(frozen=True, slots=True)
class ClipCheck:
    """What one clip's files say."""

    clip: InspectedClip | None
    """None if the clip cannot be used."""
    interval_ms: float | None
    """Time from frame to frame; None if unknown."""
    faults: tuple[Fault, ...]


def check_clip(source: ClipSource) -> ClipCheck:
    """Read a clip's packets and annotations; never raises for what is wrong with them."""
    try:
        count = count_frames(source.video)
        frames = _settled_frames(source, count)
    except InferenceError as error:
        return ClipCheck(None, None, (fault_of(source.video, error), *_unread_faults(source)))
    faults: list[Fault] = []
    learned = _read(source.annotation, frames, faults)
    if source.held_out_annotation not in (None, source.annotation):
        assert source.held_out_annotation is not None
        _read(source.held_out_annotation, frames, faults)
    faults += _length_faults(source, frames, count, is_remark=not faults)
    if learned is None:
        return ClipCheck(None, count.interval_ms, tuple(faults))
    clip = InspectedClip(
        source=source,
        kind=kind_of(source.annotation.path),
        frames=frames,
        seconds=frames * (count.interval_ms or 0) / 1000,
        counts=np.bincount(learned, minlength=len(CODE_NAMES)),
        bouts=np.bincount(_first_codes(learned), minlength=len(CODE_NAMES)),
    )
    return ClipCheck(clip, count.interval_ms, tuple(faults))


def fault_of(path: Path, error: InferenceError) -> Fault:
    """Return the fault that an error states, whose sentence begins with the path."""
    text = str(error)
    return Fault(path, text.removeprefix(str(path)).removeprefix(":").strip())


def _settled_frames(source: ClipSource, count: FrameCount) -> int:
    """Return the number of frames; decode them if annotation and packets do not agree on it."""
    if source.video.suffix.lower() in _PACKET_IS_FRAME:
        return count.frames
    try:
        source.annotation.read(count.frames)
    except DataSetError:
        return decoded_frames(source.video)
    return count.frames


def _read(annotation: Annotation, frames: int, faults: list[Fault]) -> Codes | None:
    """Return the codes (frames,), and note what is wrong with them; None if they are useless."""
    if _is_empty(annotation.path):
        faults.append(Fault(annotation.path, "empty file"))
        return None
    try:
        codes = annotation.read(frames)
    except DataSetError as error:
        faults.append(fault_of(annotation.path, error))
        return None
    if isinstance(annotation, AnnotationFile) and (text := disorder_of(annotation.path)):
        faults.append(Fault(annotation.path, text, is_remark=True))
    return codes


def _unread_faults(source: ClipSource) -> list[Fault]:
    """Return what is wrong with the annotations of a video that cannot be read."""
    faults: list[Fault] = []
    for annotation in (source.annotation, source.held_out_annotation):
        if isinstance(annotation, AnnotationFile):
            try:
                read_codes(annotation.path)
            except LabelFileError as error:
                faults.append(fault_of(annotation.path, error))
    return faults


def _length_faults(
    source: ClipSource, frames: int, count: FrameCount, *, is_remark: bool
) -> list[Fault]:
    """Return what is odd about the number of frames; a remark if the annotations agree with it."""
    faults: list[Fault] = []
    if count.fault is not None:
        text = f"cannot be read to its end, only {frames} frames: {count.fault}"
        faults.append(Fault(source.video, text, is_remark=is_remark))
    if source.stated_frames not in (None, frames):
        text = f"has {frames} frames, not {source.stated_frames} as its name or manifest says"
        faults.append(Fault(source.video, text, is_remark=is_remark))
    if frames < _STACK_FRAMES:
        text = f"has {frames} frames, fewer than a stack's {_STACK_FRAMES}"
        faults.append(Fault(source.video, text))
    return faults


def _first_codes(codes: Codes) -> Codes:
    """Return the code of each bout, (bouts,)."""
    is_first = np.ones(len(codes), np.bool_)
    is_first[1:] = codes[1:] != codes[:-1]
    first: Codes = codes[is_first]
    return first


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
