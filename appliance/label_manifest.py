"""What a labelling run says in the manifest, and in one sentence if the video is damaged."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from appliance.segment_manifest import (
    BehaviorTime,
    Gap,
    LabelSummary,
    SegmentManifest,
    file_record,
)
from inference.classifier import Classifier
from inference.crop import CropRectangle
from inference.ethogram import BEHAVIORS
from inference.label_video import VideoLabels
from inference.tally import Tally


def describe_labels(
    video: Path,
    label_file: Path,
    classifier: Classifier,
    crop: CropRectangle | None,
    labels: VideoLabels,
    on_block: Callable[[], None],
) -> SegmentManifest:
    """Return the manifest of a labelled video; reads both files once for their checksums.

    `on_block` is called now and then while they are read.
    """
    tally = labels.tally
    return SegmentManifest(
        width=labels.width,
        height=labels.height,
        frames_per_second=round(1000 / tally.interval_ms, 3) if tally.interval_ms else None,
        frame_count=tally.frames,
        first_ms=tally.first_ms,
        last_ms=tally.last_ms,
        gaps=_gaps(labels),
        labels=_summary(classifier, crop, tally),
        video=file_record(video, on_block),
        label_file=file_record(label_file, on_block),
    )


def complaint_of(video: Path, manifest: SegmentManifest) -> str:
    """Return one sentence about what is damaged, empty if nothing is."""
    faults = []
    undecodable = manifest.labels.undecodable_frames
    if undecodable:
        first_s = next(g.from_ms for g in manifest.gaps if g.cause == "undecodable") / 1000
        faults.append(
            f"{undecodable} of {manifest.frame_count} frames are undecodable, "
            f"the first at {first_s:.2f} s"
        )
    for gap in manifest.gaps:
        if gap.cause == "end missing":
            missing_s = (gap.to_ms - gap.from_ms) / 1000
            what = f"last {missing_s:.1f} s are" if missing_s else "end is"
            faults.append(f"its {what} missing after {gap.from_ms / 1000:.1f} s")
    return f"{video}: {' and '.join(faults)}" if faults else ""


def _gaps(labels: VideoLabels) -> list[Gap]:
    tally = labels.tally
    gaps = [
        Gap(from_ms=run.from_ms, to_ms=run.to_ms, frames_lost=run.frames, cause="undecodable")
        for run in tally.lost
    ]
    if labels.missing_end_s is not None:
        missing_ms = round(labels.missing_end_s * 1000)
        lost = round(missing_ms / tally.interval_ms) if tally.interval_ms else 0
        end_ms = tally.last_ms + missing_ms
        gaps.append(Gap(from_ms=tally.last_ms, to_ms=end_ms, frames_lost=lost, cause="end missing"))
    return gaps


def _summary(classifier: Classifier, crop: CropRectangle | None, tally: Tally) -> LabelSummary:
    spec = classifier.card.preprocessing.model_dump_json().encode()
    return LabelSummary(
        model=classifier.identity(crop),
        model_sha256=classifier.seal,
        preprocessing_sha256=hashlib.sha256(spec).hexdigest(),
        crop=_crop_tuple(crop),
        mean_confidence=_rounded(tally.mean_confidence),
        undecodable_frames=tally.undecodable,
        behaviors={
            name: BehaviorTime(
                frames=tally.frames_of[code],
                seconds=round(tally.seconds_of(code), 2),
                mean_confidence=_rounded(tally.confidence_of_behavior(code)),
            )
            for code, name in enumerate(BEHAVIORS)
        },
    )


def _crop_tuple(crop: CropRectangle | None) -> tuple[int, int, int, int] | None:
    """Return left, top, width, height as the manifest has them."""
    return None if crop is None else (crop.left, crop.top, crop.width, crop.height)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
