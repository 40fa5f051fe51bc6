"""What the writers of a recorder share, and what one leaves to the next."""

from dataclasses import dataclass

from capture_hw.camera_state import CameraState
from capture_hw.capture_thread import CaptureThread, Queued
from capture_hw.chain_end import ChainEnd
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.recorder_progress import RecorderProgress
from capture_hw.recording_rate import RecordingRate
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan
from capture_hw.storage_room import MainRest


@dataclass(frozen=True, slots=True)
class RecordingTask:
    """What is the same for all writers of a recorder."""

    plan: SegmentPlan
    keep_free_bytes: int
    clock: Clock
    capture: CaptureThread
    earlier: EarlierRecording
    choice: EncoderChoice
    name: str
    """The cage's in the log."""


@dataclass(frozen=True, slots=True)
class WriterEnd:
    """What a writer whose disk hangs leaves to the next one."""

    chain: ChainEnd
    rest: MainRest
    camera: CameraState
    rate: RecordingRate
    progress: RecorderProgress
    entry: Queued | None
    """What it was writing."""
