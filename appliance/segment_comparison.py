"""Whether a segment's manifest, labels, tags and name say the same of its video; no picture."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from appliance.segment_fault import Fault
from appliance.segment_files import SegmentFiles
from appliance.segment_manifest import FileRecord, SegmentManifest, file_record, read_manifest
from capture_hw.segment_scan import VideoScan
from inference.error import LabelFileError
from inference.label_file import Labels, read_labels

_NAME_LATE_S: Final = 60
"""A name that is taken makes the next second the name."""
_LATE_END_MS: Final = 1000
_OFFSET: Final = re.compile(r"[+-]([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_LAST_MOMENT_NS: Final = 1 << 63
"""The year 2262, to which nanoseconds fit into 64 bits."""


@dataclass(frozen=True, slots=True)
class Described:
    """What lies beside a video, as far as it is there and can be read."""

    manifest: SegmentManifest | None
    labels: Labels | None
    faults: list[Fault]


def read_described(files: SegmentFiles) -> Described:
    """Read manifest and label file; what cannot be read is a fault."""
    faults: list[Fault] = []
    manifest = None
    labels = None
    if files.has(".json"):
        path = files.path(".json")
        try:
            manifest = read_manifest(path)
        except OSError as error:
            faults.append(Fault(f"{path.name} cannot be read: {error.strerror}"))
        except UnicodeDecodeError:
            faults.append(Fault(f"{path.name} is no text"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            faults.append(Fault(f"{path.name} is no valid manifest: {where}: {first['msg']}"))
    if files.has(".csv"):
        try:
            labels = read_labels(files.path(".csv"))
        except LabelFileError as error:
            faults.append(Fault(str(error).removeprefix(f"{files.folder}/")))
    return Described(manifest, labels, faults)


def count_faults(manifest: SegmentManifest, scan: VideoScan, labels: Labels | None) -> list[Fault]:
    """Compare numbers of frames and times of the last one."""
    faults = []
    packets, undecodable = len(scan.times_ms), manifest.labels.undecodable_frames
    if not packets <= manifest.frame_count <= packets + undecodable:
        faults.append(
            Fault(f"holds {packets} frames, its manifest says {manifest.frame_count}", packets)
        )
    length_ms = scan.times_ms[-1] - scan.times_ms[0] if packets else 0
    said_ms = manifest.last_ms - manifest.first_ms
    if length_ms != said_ms and not undecodable:
        faults.append(
            Fault(f"its last frame is at {length_ms} ms, its manifest says {said_ms}", packets - 1)
        )
    if labels is not None and len(labels.codes) != manifest.frame_count:
        faults.append(
            Fault(
                f"the label file has {len(labels.codes)} rows for {manifest.frame_count} frames",
                min(len(labels.codes), manifest.frame_count),
            )
        )
    return faults


def file_faults(
    path: Path, record: FileRecord, *, hashes: bool, on_block: Callable[[], None]
) -> list[Fault]:
    """Compare a file with what the manifest says of it. Raises OSError."""
    if not path.exists():
        return [Fault(f"{path.name} is missing, the manifest names it")]
    if record.name != path.name:
        return [Fault(f"the manifest is of {record.name}, not of {path.name}")]
    size = path.stat().st_size
    if size != record.size:
        return [Fault(f"{path.name} has {size} bytes, its manifest says {record.size}")]
    if hashes and file_record(path, on_block).sha256 != record.sha256:
        return [Fault(f"{path.name} has another SHA-256 than its manifest says: it was changed")]
    return []


def identity_faults(
    files: SegmentFiles, tags: dict[str, str], manifest: SegmentManifest | None
) -> Iterator[Fault]:
    """Compare what name, folders, tags and manifest say of cage and start of a segment."""
    cage = files.stem[:2]
    said = {"its tags": tags.get("CAGE"), "its manifest": manifest.cage if manifest else None}
    for who, other in said.items():
        if other is not None and other != cage:
            yield Fault(f"is named as cage {cage}, {who} say{'s' * (who != 'its tags')} {other}")
    yield from _folder_faults(files, cage)
    if manifest is None:
        return
    pairs: dict[str, int | str | None] = {
        "START_UTC_NS": manifest.start_utc_ns,
        "START_MONOTONIC_NS": manifest.start_monotonic_ns,
        "BOOT_ID": manifest.boot_id,
    }
    for name, value in pairs.items():
        if value is not None and name in tags and tags[name] != str(value):
            yield Fault(f"its tag {name} is {tags[name]}, its manifest says {value}")
    yield from _name_faults(files.stem, manifest)


def index_faults(scan: VideoScan) -> Iterator[Fault]:
    """Say what a player would miss for seeking."""
    if not scan.times_ms:
        return
    if scan.index.duration_ms is None:
        yield Fault("states no duration")
    elif abs(scan.index.duration_ms - scan.times_ms[-1]) > _LATE_END_MS:
        yield Fault(
            f"states a duration of {scan.index.duration_ms} ms, its last frame is at "
            f"{scan.times_ms[-1]} ms",
            len(scan.times_ms) - 1,
            scan.times_ms[-1],
        )
    if not scan.index.has_cues:
        yield Fault("has no index (cues), so seeking in it is slow")


def _folder_faults(files: SegmentFiles, cage: str) -> Iterator[Fault]:
    day = files.folder.absolute()
    digits = files.stem[3:11]
    named = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    if len(day.name) == len(named) and day.name.replace("-", "").isdecimal() and day.name != named:
        yield Fault(f"is of {named} and lies in the folder of {day.name}")
    above = day.parent.name
    if len(above) == len(cage) and above.isdecimal() and above != cage:
        yield Fault(f"is named as cage {cage} and lies in the folder of cage {above}")


def _name_faults(stem: str, manifest: SegmentManifest) -> Iterator[Fault]:
    if manifest.start_utc_ns is None or manifest.utc_offset is None:
        return
    standard_time = _offset(manifest.utc_offset)
    if standard_time is None:
        yield Fault(
            f"its manifest gives {manifest.utc_offset!r} as utc_offset, such as +01:00 is right"
        )
        return
    if not 0 <= manifest.start_utc_ns < _LAST_MOMENT_NS:
        yield Fault(
            f"its manifest gives {manifest.start_utc_ns} as start_utc_ns, which is no moment"
        )
        return
    try:
        named = datetime.strptime(stem[3:], "%Y%m%d_%H%M%S").replace(tzinfo=standard_time)
    except ValueError:
        yield Fault(f"its name is no moment: {stem[3:]}")
        return
    start = datetime.fromtimestamp(manifest.start_utc_ns // 1_000_000_000, UTC)
    late_s = (named - start).total_seconds()
    if not 0 <= late_s <= _NAME_LATE_S:
        local = start.astimezone(standard_time)
        yield Fault(f"its name says {named:%H:%M:%S}, it began at {local:%Y-%m-%d %H:%M:%S}")


def _offset(text: str) -> timezone | None:
    """Return the zone of "+01:00"; None for what is no offset."""
    if not _OFFSET.fullmatch(text):
        return None
    passed = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-passed if text.startswith("-") else passed)
