"""What only a rack knows of a segment, put into its manifest."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from pydantic import ValidationError

from appliance.config import CageSection, RackConfig
from appliance.segment_manifest import (
    Anchor,
    Gap,
    LabelGapCause,
    LightPhase,
    SegmentManifest,
)
from appliance.segment_start import SegmentStart
from capture_hw.light_config import LightConfig
from capture_hw.photoperiod import Photoperiod, photoperiod_of
from capture_hw.segment_journal import Journal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND_NS: Final = 1_000_000
_LABEL_CAUSES: Final = frozenset(get_args(LabelGapCause))
_IDENTITY: Final = (
    "facility",
    "rack",
    "cage",
    "animal",
    "strain",
    "start",
    "start_utc_ns",
    "start_monotonic_ns",
    "boot_id",
    "utc_offset",
    "clock_synchronized",
    "anchors",
    "copied",
    "camera",
    "encoder",
    "closed_in_order",
    "light_phases",
)


def with_journal(
    manifest: SegmentManifest, journal: Journal, config: RackConfig
) -> SegmentManifest:
    """Return the manifest with all that the recorder wrote down; the configuration fills holes."""
    header, tags = journal.header, journal.header.tags
    cage = header.stem[:2]
    gaps = [
        Gap(
            from_ms=gap.from_ms,
            to_ms=gap.to_ms,
            frames_lost=gap.frames_lost,
            cause=gap.cause,
            count=gap.count,
        )
        for gap in journal.gaps
    ]
    photoperiod = _photoperiod_of(tags, config)
    return manifest.model_copy(
        update={
            "facility": tags.get("facility", config.rack.facility),
            "rack": tags.get("rack", config.rack.name),
            "cage": cage,
            "animal": tags.get("animal"),
            "strain": tags.get("strain"),
            "start": _moment(header.start_utc_ns),
            "start_utc_ns": header.start_utc_ns,
            "start_monotonic_ns": header.start_monotonic_ns,
            "boot_id": header.boot_id,
            "utc_offset": header.utc_offset,
            "clock_synchronized": header.clock_synchronized,
            "anchors": [Anchor(at_ms=one.at_ms, utc_ns=one.utc_ns) for one in journal.anchors],
            "copied": header.copied,
            "camera": header.camera,
            "encoder": header.encoder,
            "closed_in_order": journal.end is not None,
            "light_phases": light_phases(photoperiod, header.start_utc_ns, manifest.last_ms),
            "gaps": _merged(manifest.gaps, gaps),
        }
    )


def without_journal(
    manifest: SegmentManifest, start: SegmentStart, cage: CageSection, config: RackConfig
) -> SegmentManifest:
    """Return the manifest with what configuration and video say, when the journal is lost."""
    utc_ns = start.moment.utc_ns
    photoperiod = photoperiod_of(config.lights, config.standard_time)
    return manifest.model_copy(
        update={
            "facility": config.rack.facility,
            "rack": config.rack.name,
            "cage": cage.label,
            "animal": cage.animal,
            "strain": cage.strain,
            "start": _moment(utc_ns),
            "start_utc_ns": utc_ns,
            "utc_offset": config.rack.utc_offset,
            "light_phases": light_phases(photoperiod, utc_ns, manifest.last_ms),
        }
    )


def with_identity_of(manifest: SegmentManifest, earlier: SegmentManifest) -> SegmentManifest:
    """Return the manifest with what an earlier one of the same video knew of its recording."""
    recorded = [gap for gap in earlier.gaps if gap.cause not in _LABEL_CAUSES]
    known = {name: getattr(earlier, name) for name in _IDENTITY}
    return manifest.model_copy(update={**known, "gaps": _merged(manifest.gaps, recorded)})


def light_phases(photoperiod: Photoperiod, start_utc_ns: int, last_ms: int) -> list[LightPhase]:
    """Return day and night from the first to the last frame of a segment."""
    return [
        LightPhase(
            phase=photoperiod.phase(start_utc_ns + from_ms * _MILLISECOND_NS),
            from_ms=from_ms,
            zt_h=round(photoperiod.zt_h(start_utc_ns + from_ms * _MILLISECOND_NS), 4) % 24,
        )
        for from_ms in _phase_starts_ms(photoperiod, start_utc_ns, last_ms)
    ]


def _phase_starts_ms(photoperiod: Photoperiod, start_utc_ns: int, last_ms: int) -> Iterator[int]:
    from_ms = 0
    while from_ms <= last_ms:
        yield from_ms
        change_ns = photoperiod.next_change_ns(start_utc_ns + from_ms * _MILLISECOND_NS)
        from_ms = -((start_utc_ns - change_ns) // _MILLISECOND_NS)  # the first ms at or after it


def _photoperiod_of(tags: dict[str, str], config: RackConfig) -> Photoperiod:
    """Return the schedule of the segment's own time; the configuration may have changed since."""
    try:
        lights = LightConfig.model_validate(
            {"lights_on": tags["lights_on"], "light_hours": tags["light_hours"]}
        )
    except (KeyError, ValidationError):
        lights = config.lights
    return photoperiod_of(lights, config.standard_time)


def _merged(found: Sequence[Gap], recorded: Sequence[Gap]) -> list[Gap]:
    return sorted([*found, *recorded], key=lambda gap: (gap.from_ms, gap.to_ms))


def _moment(utc_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=utc_ns // 1000)
