"""The power goes while a whole rack records, labels, tells and uploads: nothing promised is lost.

`make power` runs these; they need root, FUSE, loop devices, QEMU's storage daemon and a C compiler.
"""

import json
import random
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.mosquitto import Mosquitto
from tests.power.crash_image import CrashImages, build_whole, differing_bytes
from tests.power.judgement import FaultKind
from tests.power.logged_disk import mounted_image
from tests.power.power_rack import CONFIG, Life, connect_to, live, without_sync
from tests.power.trial import Trial, choose_points, truth_of, try_points
from tests.power.truth import event_fields, labelled_segments, read_events
from tests.power.write_log import read_log
from tests.rack.stage import RackStage, everything_runs
from tests.rack_validator import Message, Verdict, judge_data, judge_events

LIFE_S: Final = 60.0
POINTS: Final = 300
CONTROL_POINTS: Final = 30
RETURNS: Final = 3
CAGES: Final = {"01", "02", "03"}
UNSYNCED: Final[set[FaultKind]] = {"frame", "ledger", "file", "store"}
"""What a missing sync costs: frames of growing videos, rows of ledgers, files and objects."""

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A minute of a rack in which everything is synced as it is."""
    return live(tmp_path_factory.mktemp("power"), LIFE_S)


def test_the_whole_log_makes_the_disk_that_was_logged(life: Life) -> None:
    image = life.folder / "whole.img"
    build_whole(life.files.base, read_log(life.files.log), image)
    assert differing_bytes(image, life.files.disk) == []


def test_the_life_makes_every_promise_and_has_every_gap(life: Life) -> None:
    truth, _ = truth_of(life)
    causes = {gap[3] for segment in truth.segments.values() for gap in segment.gaps}
    assert life.notes.missing_kinds() == []
    assert causes >= {"camera stalled", "camera dropped frames", "recorder restarted"}
    assert truth.files.keys() >= life.notes.promises_at(life.notes.last_ns[-1]).verified
    assert truth.frames.keys() == CAGES
    assert truth.events


def test_nothing_promised_is_lost_whenever_the_power_goes(life: Life) -> None:
    points = choose_points(life.notes, POINTS, random.Random(1))
    trials = list(told(try_points(life, points, seed=1), life.folder / "trials.jsonl"))
    for cage in sorted(CAGES):
        lost_ms = [trial.found.lost_ms[cage] for trial in trials if cage in trial.found.lost_ms]
        print(f"\ncage {cage}: {len(lost_ms)} cuts cost {described(lost_ms)} ms", end="")
    doubly = [ms for trial in trials for ms in trial.found.lost_after_kill_ms.values()]
    print(f"\n{len(doubly)} cuts just after a kill cost {described(doubly)} ms", end="")
    print(f"\n{len(points)} crash points among {life.notes.lengths[-1]} writes and flushes")
    assert faults_of(trials) == []
    assert {cage for trial in trials for cage in trial.found.lost_ms} == CAGES


def test_a_rack_whose_power_went_goes_on_where_it_was(life: Life) -> None:
    points = choose_points(life.notes, RETURNS, random.Random(2))
    log, flushed = read_log(life.files.log), life.folder / "flushed.img"
    image, faults = life.folder / "crash.img", []
    with CrashImages(life.files.base, log, flushed) as images:
        for point in points:
            images.build(point, random.Random(point), image)
            with mounted_image(image, life.folder / "crash") as rack:
                go_on(rack, life.folder / f"broker-{point}")
                faults += [f"point {point}: {fault}" for fault in faults_after(rack)]
    assert faults == []


def test_without_syncs_the_laboratory_finds_losses(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("control")
    with without_sync(folder):
        life = live(folder, LIFE_S)
    points = choose_points(life.notes, CONTROL_POINTS, random.Random(3))
    trials = list(try_points(life, points, seed=3))
    found = [trial for trial in trials if trial.found.faults]
    lost_ms = [ms for trial in trials for ms in trial.found.lost_ms.values()]
    print(f"\nwithout syncs: faults at {len(found)} of {len(points)}, a cut costs a cage", end=" ")
    print(f"{described(lost_ms)} ms, and {len(faults_of(trials))} promises in all")
    kinds = Counter(fault.kind for trial in trials for fault in trial.found.faults)
    print(f"of these {dict(kinds)}")
    assert life.notes.missing_kinds() == []
    assert len(found) > CONTROL_POINTS // 2
    assert kinds.keys() >= UNSYNCED


def go_on(rack: Path, broker_folder: Path) -> None:
    """Start the rack as it was found, let it record on, and stop it in order."""
    with Mosquitto(broker_folder) as broker:
        connect_to(rack / CONFIG, broker.port)
        with RackStage(rack / CONFIG) as stage:
            stage.await_that(everything_runs, "everything runs again")
            stage.end_recordings()
            stage.await_that(
                lambda s: s.publisher is not None and s.publisher.waiting == 0, "events are out"
            )
            stage.stop()


def faults_after(rack: Path) -> Iterator[str]:
    """Find what is wrong in a rack that has come back and was stopped."""
    verdict = Verdict()
    judge_data(rack / "data", verdict, real_time_cameras=False)
    rows = sorted(read_events(rack).items())
    messages = [Message(event.topic, event_fields(event)) for _, event in rows]
    judge_events(rack / "data", messages, verdict)
    yield from verdict.faults
    segments = labelled_segments(rack)
    for cage in sorted(CAGES):
        causes = {gap[3] for stem in segments if stem[:2] == cage for gap in segments[stem].gaps}
        if "recorder restarted" not in causes:
            yield f"cage {cage}: no manifest says that frames are missing since the power went"


def told(trials: Iterator[Trial], path: Path) -> Iterator[Trial]:
    """Pass on, and write each into a file: a run may be looked at before its end."""
    with path.open("w", buffering=1) as file:
        for trial in trials:
            line = {"point": trial.point, "lost_ms": trial.found.lost_ms}
            file.write(json.dumps({**line, "faults": faults_of([trial])}) + "\n")
            yield trial


def faults_of(trials: list[Trial]) -> list[str]:
    return [
        f"point {trial.point}: {fault.sentence}" for trial in trials for fault in trial.found.faults
    ]


def described(values: list[int]) -> str:
    high = statistics.quantiles(values, n=100, method="inclusive")[98]
    return f"median {statistics.median(values):.0f}, p99 {high:.0f}, max {max(values)}"
