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
from appliance.segment_manifest import SegmentManifest, read_manifest, write_manifest
from inference.classifier import Classifier
from inference.error import InferenceError, LabelFileError
from inference.label_video import Stopped, VideoLabels, label_video, labels_as_written

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
    try:
        done = _finished_before(job, settings, classifier)
        if done is not None:
            return Outcome(job, "already done", complaint_of(job.video, done), done)
        labels = _label(job, settings, classifier, report, stop)
        manifest = describe_labels(job.video, job.labels, classifier, settings.crop, labels)
        write_manifest(job.manifest, manifest)
    except Stopped:
        return Outcome(job, "stopped", f"{job.video}: interrupted; the same command goes on")
    except InferenceError as error:
        return Outcome(job, "failed", str(error))
    except OSError as error:
        where = error.filename or job.labels
        return Outcome(job, "failed", f"{where}: {error.strerror or error}")
    complaint = complaint_of(job.video, manifest)
    status: Status = "damaged" if complaint else "labelled"
    return Outcome(job, status, complaint, manifest, labels.resumed_frames)


def _finished_before(
    job: Job, settings: Settings, classifier: Classifier
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
    if (
        manifest.labels.model != classifier.identity(settings.crop)
        or manifest.video.size != job.video.stat().st_size
        or not job.labels.exists()
    ):
        raise LabelFileError(
            f"{job.manifest}: is of another video, crop or model ({manifest.labels.model}); "
            "use --out or --overwrite"
        )
    return manifest


def _label(
    job: Job,
    settings: Settings,
    classifier: Classifier,
    report: Callable[[Progress], None],
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
        on_progress=_Throttle(report),
        stop=stop,
    )


class _Throttle:
    """Report progress a few times a second."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._next_s = 0.0

    def __call__(self, frames: int, expected: int | None) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _REPORT_INTERVAL_S
            self._report(Progress(frames, expected))
