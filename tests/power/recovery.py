"""What a rack does of itself when it comes back: repair, then label what lacks labels."""

import sqlite3
import time
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Final, Self

from appliance.config import CageSection, RackConfig
from appliance.label_ledger import LabelLedger
from appliance.model_folder import find_model
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger, segment_folder
from appliance.segment_description import describe_segment
from appliance.segment_labelling import LabellingPlan, LabellingWatch, label_segment
from appliance.segment_search import SegmentSearch
from capture_hw.earlier_recording import EarlierRecording
from inference.classifier import Classifier
from inference.error import InferenceError
from inference.judge import Judge
from inference.label_video import Stopped

_REPAIR_S: Final = 30.0


class RecoveryFailed(Exception):
    """The rack did not come back by itself; one sentence."""


class Recovery:
    """Brings the rack of a configuration back, as often as wanted; a context manager."""

    def __init__(self, config: RackConfig) -> None:
        self._config: Final = config
        classifier = Classifier(find_model(config.classifier.model), config.classifier.provider)
        self._judge: Final = Judge(classifier, config.classifier.threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._judge.close()

    def repair(self) -> None:
        """Repair what the recorders left, as the next recorder of each cage does."""
        for cage in self._config.cage:
            folder = segment_folder(self._config, cage.number)
            earlier = EarlierRecording(folder, cage.number, keep_free_bytes=0)
            earlier.start()
            try:
                _await_repairs(folder)
            finally:
                earlier.stop()
                earlier.join(_REPAIR_S)

    def label(self) -> None:
        """Label what lacks labels, oldest first, as the next classifier does."""
        with Outbox(event_ledger(self._config)) as outbox:
            ledger = LabelLedger(outbox)
            for cage in self._config.cage:
                self._label_cage(cage, ledger)

    def _label_cage(self, cage: CageSection, ledger: LabelLedger) -> None:
        plan = LabellingPlan(self._config, cage, self._judge, ledger)
        watch = LabellingWatch(
            give_up=lambda silent_s: silent_s > _REPAIR_S,
            is_held=lambda: False,
            on_rows=lambda *_: None,
            on_resume=lambda *_: None,
        )
        search = SegmentSearch(segment_folder(self._config, cage.number), cage.number)
        for segment in search.unlabelled(0.0):
            try:
                done = label_segment(segment, plan, watch)
                if done is not None:
                    describe_segment(done, plan, watch.give_up)
            except (Stopped, InferenceError, OSError, sqlite3.Error) as error:
                raise RecoveryFailed(f"{segment.stem}: cannot be labelled: {error}") from error


def _await_repairs(folder: Path) -> None:
    deadline_s = time.monotonic() + _REPAIR_S
    stop = Event()
    while parts := list(folder.glob("*/*.mkv.part")):
        if time.monotonic() > deadline_s:
            raise RecoveryFailed(f"{parts[0]}: is not repaired in {_REPAIR_S:.0f} s")
        stop.wait(0.01)
