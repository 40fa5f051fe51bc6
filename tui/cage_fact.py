"""What is known of a cage, as names and sentences."""

from typing import TypeAlias

from appliance.report import CagePicture
from appliance.status import RackStatus
from tui.amount_text import bytes_text, count, lag_text
from tui.cage_view import CageView
from tui.condition import worker_sentence
from tui.time_text import duration, moment

Fact: TypeAlias = tuple[str, str]
"""A name of at most 15 letters, and what is known."""


def now_facts(view: CageView) -> list[Fact]:
    """Return what the animal does."""
    label = view.cage.label
    if label is None or label.behavior is None or view.behavior_s is None:
        return [("behavior", "no label yet")]
    last = label.behavior if view.is_current else f"{label.behavior} (last known, not now)"
    since = moment(label.since_utc_ns, view.zone)
    return [
        ("behavior", last),
        ("since", f"{since}, {duration(view.behavior_s)}"),
        ("confidence", f"{label.confidence:.2f}"),
    ]


def recording_facts(view: CageView) -> list[Fact]:
    """Return how the cage is recorded."""
    recorder = view.cage.recorder
    if recorder is None:
        return [("recording", "no report from the recorder")]
    facts: list[Fact] = [("state", recorder.state)]
    if recorder.reason:
        facts.append(("reason", recorder.reason))
    rate = f"{bytes_text(recorder.bytes_per_s)}/s, up to {recorder.late_ms:.0f} ms to disk"
    return [
        *facts,
        ("segment", recorder.segment or "none"),
        ("frames", f"{recorder.frames:,}, {recorder.fps:.1f} a second"),
        ("gaps", f"{recorder.gaps:,}, {count(recorder.frames_lost, 'frame', 'frames')} lost"),
        ("disk", rate),
    ]


def picture_facts(view: CageView) -> list[Fact]:
    """Return what the picture watch sees."""
    picture = view.cage.picture
    if picture is None:
        return [("picture", "no report from the picture watch")]
    facts: list[Fact] = [("fault", sentence) for sentence in picture.sentences]
    if picture.reason:
        facts.append(("reason", picture.reason))
    if picture.age_s is None:
        return [*facts, ("picture", "none seen yet")]
    lit = f"{picture.bright_part:.0%} over-exposed, {picture.dark_part:.0%} dark"
    facts += [
        ("seen", f"{duration(picture.age_s)} ago"),
        ("level", f"{picture.mean_luma:.0f} of 16 to 235, {lit}"),
        ("sharpness", f"{picture.sharpness:.3f}"),
    ]
    if picture.change is not None and picture.novelty is not None:
        facts.append(("change", f"{picture.change:.2f} levels, {picture.novelty:.0%} new"))
    facts.append(("reference", _against_reference(picture)))
    return [*facts, *_limits(picture)]


def _against_reference(picture: CagePicture) -> str:
    if not picture.is_commissioned:
        return "none: focus, framing and cover are not watched"
    if picture.likeness is None or picture.shift_px is None or picture.focus is None:
        return "not compared: there is no picture to compare"
    return (
        f"likeness {picture.likeness:.2f}, moved {picture.shift_px:.0f} px, "
        f"edges {picture.focus:.0%} as steep"
    )


def _limits(picture: CagePicture) -> list[Fact]:
    """Return from where on the figures against the reference are a fault."""
    if (
        picture.least_likeness is None
        or picture.longest_shift_px is None
        or picture.least_focus is None
        or picture.most_bright is None
    ):
        return []
    text = (
        f"likeness {picture.least_likeness:.2f}, moved {picture.longest_shift_px:.0f} px, "
        f"edges {picture.least_focus:.0%}, over-exposed {picture.most_bright:.0%}"
    )
    return [("limits", text)]


def label_facts(view: CageView, status: RackStatus) -> list[Fact]:
    """Return how the labels come."""
    facts: list[Fact] = []
    if status.classifier is None:
        facts.append(("classifier", "no report"))
    else:
        facts.append(("model", status.classifier.model))
        rate = f"{status.classifier.frames_per_s:.0f} frames/s for all cages"
        facts.append(("runs on", f"{status.classifier.device}, {rate}"))
    label = view.cage.label
    if label is None:
        return [*facts, ("labels", "none yet")]
    if label.fault:
        facts.append(("fault", label.fault))
    place = f"frame {label.frame:,} of {label.segment}" if label.segment else "none"
    return [
        *facts,
        ("behind", lag_text(label.lag_s)),
        ("last label", place),
        ("waiting", count(label.waiting_segments, "finished segment", "finished segments")),
    ]


def worker_facts(view: CageView) -> list[Fact]:
    """Return how the recorder's process is."""
    worker = view.cage.worker
    facts = [("name", worker.name), ("state", worker.state)]
    if sentence := worker_sentence(worker):
        facts.append(("reason", sentence))
    return [
        *facts,
        ("process", str(worker.pid) if worker.pid is not None else "none"),
        ("up", duration(worker.up_s)),
        ("restarts", f"{worker.restarts:,}"),
        ("wanted", "yes" if view.cage.wanted else "no, a person has stopped it"),
    ]
