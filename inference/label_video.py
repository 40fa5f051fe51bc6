"""Labelling one video file into one label file, resuming what an earlier run left."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.classifier import Classifier
from inference.crop import CropRectangle
from inference.error import LabelFileError, VideoError
from inference.judge import Judge
from inference.label_file import LabelRow, read_labels, rows_of
from inference.label_writer import LabelWriter, changed_since
from inference.labelling import label_frames
from inference.tally import Tally
from inference.video import Video, VideoFrame, open_video

_EARLY_END_S: Final = 1.0
"""A video that stops this long before its declared end has lost its end."""
_AHEAD_PER_THREAD: Final = 3


@dataclass(frozen=True, slots=True)
class VideoLabels:
    """What a finished labelling knows about its video."""

    tally: Tally
    width: int
    height: int
    missing_end_s: float | None
    """Seconds that the file declares after its last frame; None if its end is there."""
    resumed_frames: int


class Stopped(Exception):
    """The caller asked to stop; what is done stays in the `.part` file."""


class _OtherVideo(Exception):
    """The rows of the `.part` file are of another video."""


def label_video(
    video_path: Path,
    labels_path: Path,
    classifier: Classifier,
    *,
    threads: int,
    crop: CropRectangle | None = None,
    resume: bool = True,
    on_progress: Callable[[int, int | None], None],
    stop: Callable[[], bool],
) -> VideoLabels:
    """Write the label file of a video; it appears under its name only when it is whole.

    With `resume`, rows that an interrupted run left are kept if the video has not changed since.
    `on_progress(frames read, frames expected or None)` is called for every frame. Raises
    VideoError, LabelFileError, or Stopped as soon as `stop()` is true.
    """
    run = _Run(video_path, classifier, threads, crop, on_progress, stop)
    if not resume:
        return run.label(labels_path, resume=False)
    try:
        return run.label(labels_path, resume=True)
    except _OtherVideo:
        return run.label(labels_path, resume=False)


def labels_as_written(video_path: Path, labels_path: Path, model: str) -> VideoLabels:
    """Return what is known from a finished label file; raises LabelFileError if not `model`'s."""
    labels = read_labels(labels_path)
    if labels.model != model:
        writer = labels.model or "something else"
        raise LabelFileError(
            f"{labels_path}: exists and was written by {writer}; use --out or --overwrite"
        )
    if changed_since(video_path, labels_path):
        raise LabelFileError(f"{labels_path}: is older than the video; use --out or --overwrite")
    tally = Tally()
    tally.add(rows_of(labels))
    with open_video(video_path) as video:
        return VideoLabels(
            tally, video.width, video.height, missing_end_s(video, tally), tally.frames
        )


@dataclass(frozen=True, slots=True)
class _Run:
    video_path: Path
    classifier: Classifier
    threads: int
    crop: CropRectangle | None
    on_progress: Callable[[int, int | None], None]
    stop: Callable[[], bool]

    def label(self, labels_path: Path, *, resume: bool) -> VideoLabels:
        with (
            open_video(self.video_path) as video,
            LabelWriter(
                labels_path,
                self.classifier.identity(self.crop),
                resume=resume,
                video=self.video_path,
            ) as writer,
        ):
            tally = self._write_rows(video, writer)
            if tally.frames == 0:
                writer.discard()
                raise VideoError(f"{self.video_path}: no frame could be found in it")
            writer.finish()
        return VideoLabels(
            tally, video.width, video.height, missing_end_s(video, tally), len(writer.kept)
        )

    def _write_rows(self, video: Video, writer: LabelWriter) -> Tally:
        tally = Tally()
        tally.add(writer.kept)
        with Judge(self.classifier, self.threads) as judge:
            for rows in label_frames(
                self._watched(_same_as_before(video.frames(), writer.kept), video),
                judge,
                crop=self.crop,
                done_frames=len(writer.kept),
                ahead=_AHEAD_PER_THREAD * self.threads,
            ):
                writer.append(rows)
                tally.add(rows)
        return tally

    def _watched(self, frames: Iterator[VideoFrame], video: Video) -> Iterator[VideoFrame]:
        """Report each frame, so that a slow video is not taken for a decoder that hangs."""
        expected = video.expected_frames
        for frame in frames:
            if self.stop():
                raise Stopped
            self.on_progress(frame.index, expected)
            yield frame


def _same_as_before(frames: Iterator[VideoFrame], kept: Sequence[LabelRow]) -> Iterator[VideoFrame]:
    """Pass the frames on; raise _OtherVideo where they do not fit the rows already written."""
    count = 0
    for frame in frames:
        if frame.index < len(kept) and kept[frame.index].time_ms != frame.time_ms:
            raise _OtherVideo
        count += 1
        yield frame
    if count < len(kept):
        raise _OtherVideo


def missing_end_s(video: Video, tally: Tally) -> float | None:
    """Return the seconds that a video declares after its last frame; None if its end is there."""
    declared_s = 0.0 if video.declared_s is None else video.declared_s
    missing_s = declared_s - (tally.last_ms + tally.interval_ms) / 1000
    if missing_s > _EARLY_END_S or video.fault is not None:
        return max(missing_s, 0.0)
    return None
