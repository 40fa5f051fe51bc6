"""The recorder process of one cage."""

import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from appliance.cage_plan import cage_plan, mouse_day
from appliance.clock_state import is_clock_synchronized
from appliance.config import CageSection, RackConfig
from appliance.priority import set_niceness
from appliance.rack_path import segment_folder, spool_folder
from appliance.report import RecorderDetail
from appliance.worker import Worker, cage_of
from capture_hw.camera import open_camera
from capture_hw.camera_text import camera_text
from capture_hw.encoder_config import EncoderConfig
from capture_hw.light_plan_text import plan_text
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan

_NICE: Final = -10
"""Before everything else on the box. Not SCHED_RR: an encoder that cannot keep up would stop it."""
_log = logging.getLogger(__name__)


def run(worker: Worker) -> None:
    """Record the cage in the worker's name until it is told to stop. Raises ConfigError."""
    cage = worker.config.cage_numbered(cage_of(worker.name))
    set_niceness(_NICE)
    recorder = Recorder(
        segment_plan(worker.config, cage),
        keep_free_bytes=round(worker.config.recording.keep_free_gb * 1e9),
        open_camera=lambda: open_camera(cage.camera, mouse_day(worker.config, cage)),
        clock=Clock(is_synchronized=is_clock_synchronized),
        report=_reporter(worker),
        encoder=encoder_config(worker.config),
    )
    recorder.run(worker.stop)


def segment_plan(config: RackConfig, cage: CageSection) -> SegmentPlan:
    """Return where and how a cage's segments are written."""
    tags = {
        "facility": config.rack.facility,
        "rack": config.rack.name,
        "cage": cage.label,
        "animal": cage.animal,
        "strain": cage.strain,
        "light_plan": plan_text(cage_plan(config, cage)),
        "software": f"ethoprofiler {version('ethoprofiler')}",
    }
    return SegmentPlan(
        folder=segment_folder(config, cage.number),
        cage=cage.number,
        segment_s=config.recording.segment_s,
        standard_time=config.standard_time,
        tags=tags,
        camera=camera_text(cage.camera),
        spool=spool_folder(config, cage.number),
        volume=config.recording.volume,
    )


def encoder_config(config: RackConfig) -> EncoderConfig:
    """Return how the rack's pictures are encoded."""
    recording = config.recording
    return EncoderConfig(recording.encoder, recording.crf, recording.max_kbit_s)


def _reporter(worker: Worker) -> Callable[[RecorderProgress], None]:
    def report(progress: RecorderProgress) -> None:
        worker.beat(
            RecorderDetail(
                state=progress.state,
                reason=progress.reason,
                segment=progress.segment,
                fps=progress.fps,
                frames=progress.frames,
                gaps=progress.gaps,
                frames_lost=progress.frames_lost,
                late_ms=progress.late_ms,
                bytes_per_s=progress.bytes_per_s,
                complaint=progress.complaint,
            ),
            state="stopping" if worker.stop.is_set() else "ready",
        )

    return report
