"""What a demonstration recorded, labelled and stored, compared with what the mice truly did."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.cage_plan import cage_plan
from appliance.config import CageSection, RackConfig
from appliance.rack_path import segment_folder
from appliance.segment_manifest import SegmentManifest, file_record, read_manifest
from capture_hw.camera_config import SimulatedCameraConfig
from capture_hw.driver.simulated_truth import SimulatedTruth
from capture_hw.simulation.mouse_day import MouseDay
from disk.durable_file import PART_SUFFIX
from inference.ethogram import BEHAVIORS
from inference.label_file import read_labels
from sync.store_config import FolderStoreConfig


@dataclass(slots=True)
class CageTally:
    """One cage's figures."""

    cage: CageSection
    segments: int = 0
    frames: int = 0
    frames_lost: int = 0
    frames_agreeing: int = 0
    """Frames whose label is what the mouse truly did."""
    files: int = 0
    files_stored: int = 0
    """Files whose copy in the store has the same SHA-256."""


def is_settled(config: RackConfig) -> bool:
    """Say whether every recording is finished, labelled and stored."""
    folders = [segment_folder(config, cage.number) for cage in config.cage]
    files = [file for folder in folders for file in folder.glob("*/*.*")]
    return all(
        file.suffix != PART_SUFFIX
        and file.with_suffix(".json").exists()
        and _place_in_store(config, file).exists()
        for file in files
    )


def tally_demo(config: RackConfig, since_utc_ns: int) -> list[CageTally]:
    """Read what segments that began after a moment left on the disk and in the store.

    Raises OSError, or ValueError for a file that is not what it should be.
    """
    return [_tally_cage(config, cage, since_utc_ns) for cage in config.cage]


def _tally_cage(config: RackConfig, cage: CageSection, since_utc_ns: int) -> CageTally:
    tally = CageTally(cage)
    for path, manifest in _manifests(segment_folder(config, cage.number)):
        if manifest.start_utc_ns is None or manifest.start_utc_ns < since_utc_ns:
            continue
        earlier = tally.segments == 0  # what lies before the first segment is not this run's
        tally.segments += 1
        tally.frames += manifest.frame_count
        tally.frames_lost += sum(
            gap.frames_lost for gap in manifest.gaps if not (earlier and gap.to_ms <= 0)
        )
        tally.frames_agreeing += _agreeing(config, cage, path.with_suffix(".csv"), manifest)
        for file in (path, path.with_suffix(".csv"), path.with_suffix(".mkv")):
            tally.files += 1
            tally.files_stored += _is_stored(config, file)
    return tally


def _manifests(folder: Path) -> Iterator[tuple[Path, SegmentManifest]]:
    for path in sorted(folder.glob("*/*.json")):
        yield path, read_manifest(path)


def _agreeing(
    config: RackConfig, cage: CageSection, label_file: Path, manifest: SegmentManifest
) -> int:
    assert isinstance(cage.camera, SimulatedCameraConfig)
    assert manifest.start_monotonic_ns is not None
    assert manifest.start_utc_ns is not None
    labels = read_labels(label_file)
    assert labels.times_ms is not None
    zero_utc_ns = manifest.start_utc_ns - manifest.start_monotonic_ns
    truth = SimulatedTruth(cage.camera, MouseDay(zero_utc_ns, cage_plan(config, cage)))
    moments_ns: NDArray[np.int64] = manifest.start_monotonic_ns + labels.times_ms * 1_000_000
    true_codes = [BEHAVIORS.index(truth.behavior(int(moment))) for moment in moments_ns]
    return int(np.count_nonzero(labels.codes == np.array(true_codes)))


def _place_in_store(config: RackConfig, file: Path) -> Path:
    assert isinstance(config.store, FolderStoreConfig)
    place = config.store.path / config.store.prefix / config.rack.facility / config.rack.name
    return place / file.relative_to(config.rack.data)


def _is_stored(config: RackConfig, file: Path) -> bool:
    stored = _place_in_store(config, file)
    if not stored.exists():
        return False
    return file_record(stored, _ignore).sha256 == file_record(file, _ignore).sha256


def _ignore() -> None:
    """Small files need no sign of life."""
