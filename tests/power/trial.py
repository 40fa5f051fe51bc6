"""One crash point after the other: the disk is built, mounted, judged, repaired, judged again."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from appliance.config import RackConfig, read_config
from tests.power.crash_image import CrashImages, copy_sparse
from tests.power.judgement import Judgement
from tests.power.logged_disk import LaboratoryError, mounted_image
from tests.power.power_rack import CONFIG, Life
from tests.power.promise import Notes
from tests.power.recovery import Recovery, RecoveryFailed
from tests.power.truth import Truth, read_truth
from tests.power.write_log import read_log

_AROUND: Final = 12
"""So many requests around a renaming or a commit may be the last one."""
_DAMAGE: Final = (ValueError, LookupError, OSError, sqlite3.Error, av.FFmpegError)
"""What reading a damaged video, ledger, label file or manifest raises."""
_FOCUS: Final = ("file ", "verified ", "labelled ")


@dataclass(frozen=True)
class Trial:
    """What came of one crash point."""

    point: int
    perhaps: int
    """Requests after the last flush, each of which may be lost or torn."""
    found: Judgement


def choose_points(notes: Notes, count: int, chance: random.Random) -> list[int]:
    """Return growing crash points: half anywhere, half where files are finished and rows told."""
    first, last = notes.points_of("event")[0], notes.lengths[-1]
    focused = notes.points_of(*_FOCUS)
    anywhere = [chance.randint(first, last) for _ in range(count - count // 2)]
    near = [chance.choice(focused) + chance.randint(-_AROUND, _AROUND) for _ in range(count // 2)]
    return sorted(min(max(point, first), last) for point in anywhere + near)


def truth_of(life: Life) -> tuple[Truth, RackConfig]:
    """Read what the disk holds after the ordered stop, and the rack's configuration."""
    image = life.folder / "truth.img"
    copy_sparse(life.files.disk, image)
    with mounted_image(image, life.folder / "crash") as rack:
        return read_truth(rack), read_config(rack / CONFIG)


def try_points(life: Life, points: Sequence[int], seed: int) -> Iterator[Trial]:
    """Yield what comes of each point; they must grow."""
    image, mount = life.folder / "crash.img", life.folder / "crash"
    truth, config = truth_of(life)
    log, flushed = read_log(life.files.log), life.folder / "flushed.img"
    with Recovery(config) as recovery, CrashImages(life.files.base, log, flushed) as images:
        for point in points:
            images.build(point, random.Random(f"{seed} {point}"), image)
            judge = Judgement(truth, life.notes.cut_ns(point), life.notes, life.killed_ns)
            try:
                with mounted_image(image, mount) as rack:
                    _come_back(rack, recovery, judge)
            except (LaboratoryError, RecoveryFailed) as error:
                judge.add("recovery", str(error))
            except _DAMAGE as error:
                judge.add("recovery", f"a file cannot be read any more: {error}")
            yield Trial(point, point - images.last_flush(point), judge)


def _come_back(rack: Path, recovery: Recovery, judge: Judgement) -> None:
    """Judge before, between and after what the rack does of itself."""
    judge.ledgers(rack)
    judge.files(rack)
    recovery.repair()
    judge.frames(rack)
    judge.told_frames(rack)
    recovery.label()
    judge.labels(rack)
