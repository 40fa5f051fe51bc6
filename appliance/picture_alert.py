"""When people are called because of a camera's picture."""

from collections.abc import Iterator, Mapping
from typing import Final

from appliance.alert import Finding
from appliance.sentence import about
from appliance.status import CageStatus, Severity
from capture_hw.picture_fault import PictureFault

_KIND: Final = "picture"
_SEVERITY: Final[Mapping[PictureFault, Severity]] = {
    "frozen": "critical",
    "black": "critical",
    "obstructed": "critical",
    "bright": "warning",
    "unfocused": "warning",
    "moved": "warning",
}
"""Critical: what is recorded meanwhile does not show the animal."""
_UNSEEN_S: Final = 10.0
"""A picture that is older says nothing of now."""
_UNSEEN_AFTER_S: Final = 20.0
"""Together 30 s without a picture. A recorder that has just come back gets that time as well."""


def picture_findings(cage: CageStatus) -> Iterator[Finding]:
    """Yield what is wrong with the picture of a cage that is being recorded."""
    picture, recorder = cage.picture, cage.recorder
    if picture is None or recorder is None or recorder.state != "recording":
        return
    name, subject = f"cage-{cage.cage:02d}", f"cage {cage.cage:02d}"
    is_seen = picture.age_s is not None and picture.age_s <= _UNSEEN_S
    if is_seen:
        for fault, sentence in zip(picture.faults, picture.sentences, strict=True):
            yield Finding(f"{name}-{fault}", _KIND, _SEVERITY[fault], f"{subject}: {sentence}")
    if picture.reason:
        text = about(subject, subject, picture.reason)
        yield Finding(f"{name}-watch", _KIND, "warning", text, _UNSEEN_S)
    if not is_seen:
        age = "" if picture.age_s is None else f" for {picture.age_s:.0f} s"
        text = f"{subject}: it is recorded, but no picture was seen by the picture watch{age}"
        yield Finding(f"{name}-unwatched", _KIND, "warning", text, _UNSEEN_AFTER_S)
