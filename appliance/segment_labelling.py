"""Everything that labelling one segment of a rack is, from its first frame to its manifest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pydantic import ValidationError

from appliance.config import CageSection, RackConfig
from appliance.label_ledger import LabelLedger
from appliance.label_manifest import describe_labels
from appliance.segment_book import SegmentBook
from appliance.segment_identity import with_journal, without_journal
from appliance.segment_manifest import SegmentManifest, read_manifest, write_manifest
from appliance.segment_search import Segment
from appliance.segment_start import SegmentStart, segment_start
from capture_hw.error import JournalError
from capture_hw.photoperiod import photoperiod_of
from capture_hw.segment_journal import Journal, read_journal
from disk.durable_file import sync_to_disk
from inference.bout import Moment
from inference.error import LabelFileError
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


def label_segment(segment: Segment, plan: LabellingPlan, watch: LabellingWatch) -> None:
    """Label a segment, growing or finished, tell its events, and write its manifest.

    A run that was interrupted anywhere is gone on with. Raises Stopped, VideoGone, InferenceError,
    OSError, sqlite3.Error.
    """
    _Run(segment, plan, watch).run()


@dataclass(slots=True)
class _Run:
    segment: Segment
    plan: LabellingPlan
    watch: LabellingWatch
    book: SegmentBook | None = None
    start: SegmentStart | None = None

    def run(self) -> None:
        segment = self.segment
        if segment.is_labelled:
            return
        if segment.labels.exists():
            labels, model = self._labels_as_written()
        else:
            labels, model = self._label(), self._identity
        manifest = self._manifest_before()
        if manifest is None or manifest.start_utc_ns is None:
            manifest = manifest or self._described(labels, model)
            write_manifest(segment.manifest, self._identified(manifest))
        segment.journal.unlink(missing_ok=True)
        sync_to_disk(segment.journal.parent)

    @property
    def _identity(self) -> str:
        return self.plan.judge.classifier.identity(self.plan.cage.crop)

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
        config, segment = self.plan.config, self.segment
        self.start = segment_start(segment.stem, self._journal(), video.tags, config.standard_time)
        self.book = SegmentBook(
            self.plan.ledger,
            self.plan.cage,
            photoperiod_of(config.lights, config.standard_time),
            segment.stem,
            self.start,
            segment.journal,
            self.watch.is_held,
        )
        for rows in _chunks(kept, self.book.fed_frames):
            self._raise_if_stopped()
            self.book.add(rows)
        if kept:
            self.watch.on_resume(segment, self.start, kept[-1], self.book.open_since)

    def _journal(self) -> Journal | None:
        try:
            return read_journal(self.segment.journal)
        except JournalError:
            return None

    def _manifest_before(self) -> SegmentManifest | None:
        """Return the manifest that is there already, of a crash or of a person's `classify`."""
        path = self.segment.manifest
        try:
            return read_manifest(path)
        except FileNotFoundError:
            return None
        except (ValidationError, UnicodeDecodeError) as error:
            raise LabelFileError(f"{path}: exists and is not a manifest of ours") from error

    def _described(self, labels: VideoLabels, model: str) -> SegmentManifest:
        if model != self._identity:
            raise LabelFileError(
                f"{self.segment.labels}: was written by {model}, not {self._identity}; run "
                "`ethoprofiler classify` with the model you want"
            )
        return describe_labels(
            self.segment.video,
            self.segment.labels,
            self.plan.judge.classifier,
            self.plan.cage.crop,
            labels,
            self._raise_if_stopped,
        )

    def _identified(self, manifest: SegmentManifest) -> SegmentManifest:
        journal = self._journal()
        if journal is not None:
            return with_journal(manifest, journal, self.plan.config)
        assert self.start is not None
        return without_journal(manifest, self.start, self.plan.cage, self.plan.config)

    def _raise_if_stopped(self) -> None:
        if self.watch.give_up(0.0):
            raise Stopped


def _chunks(rows: Sequence[LabelRow], first: int) -> Iterator[list[LabelRow]]:
    numbers = iter(range(first, len(rows)))
    while chunk := [rows[number] for number in islice(numbers, _CHUNK_ROWS)]:
        yield chunk
