"""The labels that a model gave to the frames of a clip, when its segment was labelled."""

from pathlib import Path

from appliance.sampled_clip import SampledClip
from disk.durable_file import write_durably
from inference.error import LabelFileError
from inference.frame_index import read_frame_index
from inference.label_file import LabelRow, header, read_labels


def write_clip_labels(data: Path, clip: SampledClip) -> None:
    """Write `<clip>.csv`, a label file, unless it is there. Never an annotation: nobody looked.

    Raises LabelFileError, VideoError, OSError.
    """
    path = clip.path.with_suffix(".csv")
    if path.exists():
        return
    source = _labels_of(data, clip.origin.segment)
    labels = read_labels(source)
    if labels.times_ms is None or labels.confidences is None or labels.model is None:
        raise LabelFileError(f"{source}: is not a label file of ours")
    index = read_frame_index(clip.path)
    first_ms = clip.origin.first_ms + index.first_pts_ms
    row_of = {int(time_ms): row for row, time_ms in enumerate(labels.times_ms)}
    rows = []
    for frame, time_ms in enumerate(index.times_ms.tolist()):
        row = row_of.get(first_ms + time_ms)
        if row is None:
            raise LabelFileError(f"{source}: has no row at {first_ms + time_ms} ms")
        confidence = float(labels.confidences[row])
        rows.append(LabelRow(frame, int(labels.codes[row]), time_ms, confidence).line())
    write_durably(path, f"{header(labels.model)}{''.join(rows)}".encode())


def _labels_of(data: Path, segment: str) -> Path:
    cage, day = segment[:2], f"{segment[3:7]}-{segment[7:9]}-{segment[9:11]}"
    return data / cage / day / f"{segment}.csv"
