"""How a cage's recording is, in one word."""

from dataclasses import dataclass
from typing import Final

from appliance.report import CageLabel
from appliance.status import CageStatus, WorkerStatus
from tui.amount_text import lag_text
from tui.ink import Level
from tui.time_text import duration

MARKS: Final[dict[Level, str]] = {"good": "●", "busy": "○", "off": "■", "bad": "▲"}
"""The level without color."""
_FRESH_S: Final = 30.0
"""A label older than this does not say what the animal does now."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One word, how grave it is, and a sentence if there is more to say."""

    word: str
    """At most nine cells."""
    level: Level
    sentence: str = ""

    @property
    def mark(self) -> str:
        """Return the level as a sign."""
        return MARKS[self.level]


_RECORDERS: Final[dict[str, tuple[str, Level]]] = {
    "opening": ("OPENING", "busy"),
    "recording": ("RECORDING", "good"),
    "stalled": ("STALLED", "bad"),
    "lost": ("NO CAMERA", "bad"),
    "storage": ("NO DISK", "bad"),
}


def condition_of(cage: CageStatus) -> Condition:
    """Return how the recording of a cage is."""
    worker, recorder = cage.worker, cage.recorder
    if not cage.wanted:
        stopped = worker.state in {"stopped", "failed"}
        sentence = "stopped by a person; nothing is recorded"
        return Condition("STOPPED" if stopped else "STOPPING", "off", sentence)
    if worker.state == "failed":
        return Condition("FAILED", "bad", worker_sentence(worker))
    if worker.state != "ready":
        word = "STARTING" if worker.state == "starting" else worker.state.upper()
        return Condition(word, "busy", worker.reason)
    if recorder is None:
        return Condition("SILENT", "bad", worker.reason or "the recorder says nothing")
    word, level = _RECORDERS[recorder.state]
    sentence = recorder.reason or worker.reason
    return Condition(word, "busy" if level == "good" and worker.reason else level, sentence)


def is_current(cage: CageStatus) -> bool:
    """Return whether the newest label says what the animal does now."""
    recording = cage.recorder is not None and cage.recorder.state == "recording"
    fresh = cage.label is not None and cage.label.lag_s <= _FRESH_S
    return cage.wanted and cage.worker.state == "ready" and recording and fresh


def label_sentence(label: CageLabel) -> str:
    """Return what is wrong with a cage's labels, empty if nothing is."""
    if label.fault:
        return label.fault
    if label.behavior is not None and label.lag_s > _FRESH_S:
        return f"labels are {lag_text(label.lag_s)} behind"
    return ""


def worker_sentence(worker: WorkerStatus) -> str:
    """Return why a worker does not run and when it will, empty if it runs in order."""
    parts = [worker.reason] if worker.reason else []
    if worker.state == "failed":
        parts = parts or ["the process has ended"]
        if worker.next_start_s is not None:
            parts.append(f"next start in {duration(worker.next_start_s)}")
    return "; ".join(parts)
