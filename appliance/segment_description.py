"""The last steps of a labelled segment: its manifest is written, its journal removed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from pydantic import ValidationError

from appliance.label_manifest import describe_labels
from appliance.segment_identity import with_journal, without_journal
from appliance.segment_labelling import LabelledSegment, LabellingPlan
from appliance.segment_manifest import SegmentManifest, read_manifest, write_manifest
from appliance.segment_search import Segment
from capture_hw.error import JournalError
from capture_hw.segment_journal import read_journal
from disk.durable_file import sync_to_disk
from inference.error import LabelFileError
from inference.label_video import Stopped

_ASK_S: Final = 0.1


def describe_segment(
    done: LabelledSegment, plan: LabellingPlan, give_up: Callable[[float], bool]
) -> None:
    """Write the manifest, for which the whole video is read, and remove the journal.

    Waits for other cages that do so. A run that was interrupted anywhere is gone on with. `give_up`
    is asked often, with 0.0; true ends the run with Stopped. Raises LabelFileError, OSError too.
    """
    segment = done.segment

    def raise_if_stopped() -> None:
        if give_up(0.0):
            raise Stopped

    with _held(plan.reading_whole, raise_if_stopped):
        manifest = _manifest_before(segment)
        if manifest is None or manifest.start_utc_ns is None:
            manifest = manifest or _described(done, plan, raise_if_stopped)
            write_manifest(segment.manifest, _identified(manifest, done, plan))
        segment.journal.unlink(missing_ok=True)
        sync_to_disk(segment.journal.parent)


@contextmanager
def _held(lock: Lock, raise_if_stopped: Callable[[], None]) -> Iterator[None]:
    while not lock.acquire(timeout=_ASK_S):
        raise_if_stopped()
    try:
        yield
    finally:
        lock.release()


def _manifest_before(segment: Segment) -> SegmentManifest | None:
    """Return the manifest that is there already, of a crash or of a person's `classify`."""
    path = segment.manifest
    try:
        return read_manifest(path)
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError) as error:
        raise LabelFileError(f"{path}: exists and is not a manifest of ours") from error


def _described(
    done: LabelledSegment, plan: LabellingPlan, raise_if_stopped: Callable[[], None]
) -> SegmentManifest:
    segment = done.segment
    if done.model != plan.identity:
        raise LabelFileError(
            f"{segment.labels}: was written by {done.model}, not {plan.identity}; run "
            "`ethoprofiler classify` with the model you want"
        )
    return describe_labels(
        segment.video,
        segment.labels,
        plan.judge.classifier,
        plan.cage.crop,
        done.labels,
        raise_if_stopped,
    )


def _identified(
    manifest: SegmentManifest, done: LabelledSegment, plan: LabellingPlan
) -> SegmentManifest:
    try:
        journal = read_journal(done.segment.journal)
    except JournalError:
        return without_journal(manifest, done.start, plan.cage, plan.config)
    return with_journal(manifest, journal, plan.config)
