"""Labelling one segment of a rack: rows, label file and events; all but its manifest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Final

from appliance.config import CageSection, RackConfig
from appliance.label_ledger import LabelLedger
from appliance.segment_book import SegmentBook
from appliance.segment_identity import recorded_plan
from appliance.segment_search import Segment
from appliance.segment_start import SegmentStart, segment_start
from capture_hw.error import JournalError
from capture_hw.light_plan import LightPlan
from capture_hw.segment_journal import Journal, read_journal
from disk.durable_file import part_path, sync_to_disk
from inference.bout import Moment
from inference.judge import Judge
from inference.label_file import LabelRow
from inference.label_video import Stopped, VideoLabels, missing_end_s
from inference.live_label import LiveLabels
from inference.tally import Tally
from inference.video import Video, open_video
from inference.written_rows import read_finished_rows

_CHUNK_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class LabellingPlan:
    """What is the same for all segments of a cage."""

    config: RackConfig
    cage: CageSection
    judge: Judge
    ledger: LabelLedger
    reading_whole: Lock = field(default_factory=Lock)
    """Held while whole videos are read, which one cage of the rack does at a time."""

    @property
    def identity(self) -> str:
        """The model as label files and manifests of this cage name it."""
        return self.judge.classifier.identity(self.cage.crop)


@dataclass(frozen=True, slots=True)
class LabellingWatch:
    """How a labelling run is watched and led, all called on its thread."""

    give_up: Callable[[float], bool]
    """Asked often, with the seconds without a new frame; true ends the run with Stopped."""
    is_held: Callable[[], bool]
    """While true, events wait for an earlier segment's."""
    on_rows: Callable[[Segment, SegmentStart, Sequence[LabelRow]], None]
    """New rows, in order, once they are in the label file."""
    on_resume: Callable[[Segment, SegmentStart, LabelRow, Moment | None], None]
    """The last row that was there already, and when its bout began."""


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """A segment whose label file is finished and whose events are told."""

    segment: Segment
    start: SegmentStart
    light: LightPlan
    """What it was recorded under."""
    labels: VideoLabels
    model: str
    """Who wrote the label file."""


def label_segment(
    segment: Segment, plan: LabellingPlan, watch: LabellingWatch
) -> LabelledSegment | None:
    """Label a segment, growing or finished, and tell its events; None if it has its manifest.

    A run that was interrupted anywhere is gone on with. Raises Stopped, VideoGone, InferenceError,
    OSError, sqlite3.Error.
    """
    return _Run(segment, plan, watch).run()


@dataclass(slots=True)
class _Run:
    segment: Segment
    plan: LabellingPlan
    watch: LabellingWatch
    book: SegmentBook | None = None
    start: SegmentStart | None = None
    light: LightPlan | None = None

    def run(self) -> LabelledSegment | None:
        if self.segment.is_labelled:
            return None
        if self.segment.labels.exists():
            labels, model = self._labels_as_written()
        else:
            labels, model = self._label(), self.plan.identity
        assert self.start is not None
        assert self.light is not None
        return LabelledSegment(self.segment, self.start, self.light, labels, model)

    def _label(self) -> VideoLabels:
        with LiveLabels(
            self.segment.video,
            self.segment.labels,
            self.plan.judge,
            crop=self.plan.cage.crop,
            give_up=self.watch.give_up,
        ) as live:
            for rows in live.rows(lambda video: self._open_book(video, live.kept)):
                assert self.book is not None
                assert self.start is not None
                self.book.add(rows)
                self.watch.on_rows(self.segment, self.start, rows)
            assert self.book is not None
            self.book.finish()
            return live.finish()

    def _labels_as_written(self) -> tuple[VideoLabels, str]:
        """Take the label file that was finished just before a process died."""
        rows, model = read_finished_rows(self.segment.labels)
        with open_video(self.segment.video) as video:
            self._open_book(video, rows)
            tally = Tally()
            tally.add(rows)
            width, height, missing_s = video.width, video.height, missing_end_s(video, tally)
        assert self.book is not None
        self.book.finish()
        return VideoLabels(tally, width, height, missing_s, tally.frames), model

    def _open_book(self, video: Video, kept: Sequence[LabelRow]) -> None:
        """Begin the books when the first video of the segment is open; feed what is written."""
        if self.book is not None:
            return
        config, segment, journal = self.plan.config, self.segment, self._journal()
        tags = {} if journal is None else journal.header.tags
        self.start = segment_start(segment.stem, journal, video.tags, config.standard_time)
        self.light = recorded_plan(tags, self.plan.cage.label, config)
        self.book = SegmentBook(
            self.plan.ledger,
            self.plan.cage,
            self.light,
            segment.stem,
            self.start,
            segment.journal,
            self.watch.is_held,
            self._sync_frames,
        )
        for rows in _chunks(kept, self.book.fed_frames):
            self._raise_if_stopped()
            self.book.add(rows)
        if kept:
            self.watch.on_resume(segment, self.start, kept[-1], self.book.open_since)

    def _sync_frames(self) -> None:
        """Put what was read of a growing segment on the disk; a finished one is there already."""
        for path in (part_path(self.segment.video), self.segment.journal):
            with suppress(FileNotFoundError):  # finished meanwhile
                sync_to_disk(path)

    def _journal(self) -> Journal | None:
        try:
            return read_journal(self.segment.journal)
        except JournalError:
            return None

    def _raise_if_stopped(self) -> None:
        if self.watch.give_up(0.0):
            raise Stopped


def _chunks(rows: Sequence[LabelRow], first: int) -> Iterator[list[LabelRow]]:
    numbers = iter(range(first, len(rows)))
    while chunk := [rows[number] for number in islice(numbers, _CHUNK_ROWS)]:
        yield chunk
