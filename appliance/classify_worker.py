"""The process that labels videos one after another and reports to the queue."""

import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Final

from pydantic import ValidationError

from appliance.classify_job import Job, Outcome, Progress, Ready, Settings, Status, Unusable
from appliance.label_manifest import complaint_of, describe_labels
from appliance.segment_identity import with_identity_of
from appliance.segment_manifest import (
    SegmentManifest,
    file_record,
    read_manifest,
    write_manifest,
)
from inference.classifier import Classifier
from inference.error import InferenceError, LabelFileError
from inference.label_video import Stopped, VideoLabels, label_video, labels_as_written
from inference.label_writer import changed_since

_REPORT_INTERVAL_S: Final = 0.2


def work(connection: Connection, settings: Settings, stop: Event) -> None:
    """Run in a process of its own: take jobs from the connection until it closes."""
    try:
        classifier = Classifier(settings.model, settings.provider)
    except InferenceError as error:
        connection.send(Unusable(str(error)))
        return
    with suppress(BrokenPipeError, ConnectionResetError, EOFError):  # the queue has gone
        connection.send(Ready(classifier.identity(settings.crop), classifier.device))
        while not stop.is_set():
            job: Job = connection.recv()
            connection.send(run_job(job, settings, classifier, connection.send, stop.is_set))


def run_job(
    job: Job,
    settings: Settings,
    classifier: Classifier,
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Outcome:
    """Label one video unless that is done; a failure is an outcome, not an exception."""
    throttle = _Throttle(report)
    try:
        done = _finished_before(job, settings, classifier, throttle.again)
        if done is not None:
            return Outcome(job, "already done", complaint_of(job.video, done), done)
        labels = _label(job, settings, classifier, throttle, stop)
        manifest = describe_labels(
            job.video, job.labels, classifier, settings.crop, labels, throttle.again
        )
        manifest = _with_known_identity(manifest, job)
        write_manifest(job.manifest, manifest)
    except Stopped:
        return Outcome(job, "stopped", f"{job.video}: interrupted; the same command goes on")
    except InferenceError as error:
        return Outcome(job, "failed", _naming(job, str(error)))
    except OSError as error:
        where = error.filename or job.labels
        return Outcome(job, "failed", f"{where}: {error.strerror or error}")
    complaint = complaint_of(job.video, manifest)
    status: Status = "damaged" if complaint else "labelled"
    return Outcome(job, status, complaint, manifest, labels.resumed_frames)


def _naming(job: Job, message: str) -> str:
    """Make sure that a message names the video or one of its results."""
    stem = str(job.labels.with_suffix(""))
    return message if str(job.video) in message or stem in message else f"{job.video}: {message}"


def _finished_before(
    job: Job, settings: Settings, classifier: Classifier, on_block: Callable[[], None]
) -> SegmentManifest | None:
    """Return the manifest of an earlier run with the same result; refuse what is another's."""
    if settings.overwrite or not job.manifest.exists():
        return None
    try:
        manifest = read_manifest(job.manifest)
    except (ValidationError, UnicodeDecodeError) as error:
        raise LabelFileError(
            f"{job.manifest}: exists and is not a manifest of ours; use --out or --overwrite"
        ) from error
    if manifest.labels.model != classifier.identity(settings.crop):
        raise LabelFileError(
            f"{job.manifest}: is of another model or crop ({manifest.labels.model}); "
            "use --out or --overwrite"
        )
    if not _is_of_this_video(job, manifest, on_block):
        raise LabelFileError(f"{job.manifest}: is of another video; use --out or --overwrite")
    if not job.labels.exists() or file_record(job.labels, on_block) != manifest.label_file:
        raise LabelFileError(
            f"{job.labels}: is not the label file that {job.manifest.name} describes; "
            "use --out or --overwrite"
        )
    return manifest


def _is_of_this_video(job: Job, manifest: SegmentManifest, on_block: Callable[[], None]) -> bool:
    """Compare sizes, and checksums if the video's file changed after the manifest was written."""
    if job.video.stat().st_size != manifest.video.size:
        return False
    if not changed_since(job.video, job.manifest):
        return True
    return file_record(job.video, on_block).sha256 == manifest.video.sha256


def _with_known_identity(manifest: SegmentManifest, job: Job) -> SegmentManifest:
    """Keep what the rack wrote about this video, here or beside it: labels do not change that."""
    for path in (job.manifest, job.video.with_suffix(".json")):
        with suppress(OSError, ValidationError, UnicodeDecodeError):
            earlier = read_manifest(path)
            if earlier.video.sha256 == manifest.video.sha256:
                return with_identity_of(manifest, earlier)
    return manifest


def _label(
    job: Job,
    settings: Settings,
    classifier: Classifier,
    on_progress: Callable[[int, int | None], None],
    stop: Callable[[], bool],
) -> VideoLabels:
    """Write the label file, or read the one that an earlier run finished just before it died."""
    if job.labels.exists() and not settings.overwrite:
        return labels_as_written(job.video, job.labels, classifier.identity(settings.crop))
    job.labels.parent.mkdir(parents=True, exist_ok=True)
    return label_video(
        job.video,
        job.labels,
        classifier,
        threads=settings.threads,
        crop=settings.crop,
        resume=not settings.overwrite,
        on_progress=on_progress,
        stop=stop,
    )


class _Throttle:
    """Report progress a few times a second."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._next_s = 0.0
        self._last: tuple[int, int | None] = (0, None)

    def again(self) -> None:
        """Say that work goes on although no frame was read."""
        self(*self._last)

    def __call__(self, frames: int, expected: int | None) -> None:
        self._last = (frames, expected)
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _REPORT_INTERVAL_S
            self._report(Progress(frames, expected))
