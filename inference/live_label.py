"""Labelling a segment while it is being written, with the labels it gets once it is finished."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from disk.durable_file import part_path
from inference.crop import CropRectangle
from inference.error import VideoError
from inference.ethogram import NONE_CODE
from inference.growing_file import GrowingFile
from inference.judge import Judge
from inference.label_file import LabelRow
from inference.label_video import Stopped, VideoLabels, missing_end_s
from inference.label_writer import LabelWriter
from inference.labelling import label_frames
from inference.tally import Tally
from inference.video import Video, VideoFrame, open_growing_video, open_video

_AHEAD: Final = 2
"""Batches of a finished segment that wait for the network; of a growing one none."""
_MARGIN_FRAMES: Final = 200
"""More frames than a stack has at any usual rate: rows whose stack may have got another end."""


class VideoGone(VideoError):
    """There is no such segment any more, finished or not."""


class _ReadAgain(Exception):
    """The file, or the rows written for it, are not what they were thought to be."""

    def __init__(self, good_rows: int | None) -> None:
        self.good_rows = good_rows


class LiveLabels:
    """The label file of one segment as it is written; a context manager. One thread at a time.

    The video may be growing under its `.part` name, get its final name meanwhile, be replaced by
    its repaired copy, or be finished long since: the rows are the same, and the same that
    `label_video` writes.
    """

    def __init__(
        self,
        video: Path,
        labels: Path,
        judge: Judge,
        *,
        crop: CropRectangle | None,
        give_up: Callable[[float], bool],
    ) -> None:
        """Open the label file and read what is in it; raises LabelFileError.

        `video` is the final name. `give_up(seconds without a new frame)` is asked often; when it
        is true, `rows` raises Stopped.
        """
        self._video_path = video
        self._judge = judge
        self._crop = crop
        self._give_up = give_up
        self._writer = LabelWriter(labels, judge.classifier.identity(crop))
        self._labels: VideoLabels | None = None
        self._decodes_all = False
        self._resumed: Final = len(self._writer.kept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what is written stays under `.part` for the next run."""
        self._writer.__exit__(kind, error, trace)

    @property
    def kept(self) -> Sequence[LabelRow]:
        """Rows that an earlier run left in the file; `rows` leaves them out."""
        return self._writer.kept

    def rows(self, on_open: Callable[[Video], None] = lambda _: None) -> Iterator[list[LabelRow]]:
        """Yield rows as soon as they are in the file, to the end of the segment.

        A repaired segment may have lost its last frames; then rows come again from some frames
        earlier. `on_open` is called with each video that is opened. Raises Stopped, VideoGone,
        VideoError, LabelFileError, ModelError.
        """
        while True:
            try:
                yield from self._one_pass(on_open)
            except _ReadAgain as again:
                self._writer.keep(again.good_rows)
            else:
                return

    def finish(self) -> VideoLabels:
        """Give the label file its name, after the last row; raises LabelFileError."""
        assert self._labels is not None, "rows() has not come to its end"
        self._writer.finish()
        return self._labels

    def discard(self) -> None:
        """Remove the label file of a segment that is gone."""
        self._writer.discard()

    def _one_pass(self, on_open: Callable[[Video], None]) -> Iterator[list[LabelRow]]:
        tally = Tally()
        tally.add(self.kept)
        with ExitStack() as stack:
            video, file = self._open(stack)
            on_open(video)
            for rows in label_frames(
                self._checked(video, file),
                self._judge,
                crop=self._crop,
                done_frames=len(self.kept),
                ahead=0 if file else _AHEAD,
            ):
                self._writer.append(rows)
                tally.add(rows)
                yield rows
            if tally.frames == 0:
                raise VideoError(f"{self._video_path}: no frame could be found in it")
            self._labels = self._described(video, file, tally)

    def _open(self, stack: ExitStack) -> tuple[Video, GrowingFile | None]:
        """Open the segment under the name that it has now."""
        final, part = self._video_path, part_path(self._video_path)
        if not final.exists():
            try:
                file = GrowingFile(part, final, self._give_up)
            except FileNotFoundError as error:
                if not final.exists():
                    raise VideoGone(f"{final}: no such file") from error
            except OSError as error:
                raise VideoError(f"{part}: cannot be read: {error.strerror}") from error
            else:
                stack.callback(file.close)
                return stack.enter_context(self._followed(part, file)), file
        return stack.enter_context(open_video(final)), None

    def _followed(self, part: Path, file: GrowingFile) -> Video:
        try:
            return open_growing_video(part, file)
        except VideoError:
            self._raise_if_cut(file)
            raise

    def _checked(self, video: Video, file: GrowingFile | None) -> Iterator[VideoFrame]:
        """Pass on frames that are surely whole and fit the rows already written."""
        kept = self.kept
        count = 0
        try:
            for frame in self._frames(video):
                self._raise_if_cut(file)
                if file is None:
                    self._raise_if_stopped()
                if count < len(kept) and kept[count].time_ms != frame.time_ms:
                    raise _ReadAgain(max(0, count - _MARGIN_FRAMES))
                count += 1
                yield frame
        except VideoError:
            self._raise_if_cut(file)
            raise
        except OSError as error:
            raise VideoError(f"{self._video_path}: cannot be read: {error.strerror}") from error
        self._raise_if_cut(file)
        if count < len(kept):
            raise _ReadAgain(max(0, count - _MARGIN_FRAMES))

    def _frames(self, video: Video) -> Iterator[VideoFrame]:
        """Yield all frames; of those whose rows are written only the last are decoded.

        Six hours that were labelled before a restart take seconds then, and not many minutes.
        """
        kept = self.kept
        near = len(kept) - _MARGIN_FRAMES
        if near <= 0 or self._decodes_all or not video.is_in_order:
            yield from video.frames()
            return
        base: int | None = None
        for frame in video.frames_near(kept[near].time_ms, self._raise_if_stopped):
            if base is None:
                base = self._number_of(frame)
                yield from (VideoFrame(n, kept[n].time_ms, None) for n in range(base))
            yield VideoFrame(base + frame.index, frame.time_ms, frame.picture)

    def _number_of(self, frame: VideoFrame) -> int:
        """Return the number of a decodable key frame by the rows; if that is unsure, decode all."""
        kept = self.kept
        number = bisect_left(range(len(kept)), frame.time_ms, key=lambda n: kept[n].time_ms)
        is_sure = number < len(kept) and kept[number].time_ms == frame.time_ms
        if not is_sure or kept[number].code == NONE_CODE or frame.picture is None:
            self._decodes_all = True
            raise _ReadAgain(None)
        return number

    def _raise_if_stopped(self) -> None:
        if self._give_up(0.0):
            raise Stopped

    def _raise_if_cut(self, file: GrowingFile | None) -> None:
        if file is None or file.cut is None:
            return
        if file.cut == "stopped":
            raise Stopped
        if file.cut == "removed":
            raise VideoGone(f"{self._video_path}: was removed while it was written")
        raise _ReadAgain(None)

    def _described(self, video: Video, file: GrowingFile | None, tally: Tally) -> VideoLabels:
        """Describe what was read as the finished file would be: only that knows its length."""
        if file is None:
            missing_s = missing_end_s(video, tally)
        else:
            with open_video(self._video_path) as finished:
                missing_s = missing_end_s(finished, tally)
        return VideoLabels(tally, video.width, video.height, missing_s, self._resumed)
