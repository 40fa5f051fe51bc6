"""What only a rack knows of a segment, put into its manifest."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from appliance.cage_plan import cage_plan, rack_plan
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
from capture_hw.light_plan import LightPlan
from capture_hw.light_plan_text import plan_of_text
from capture_hw.light_setting import plan_of
from capture_hw.photoperiod import written_zt_h
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
    plan = recorded_plan(tags, cage, config)
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
            "light_phases": light_phases(plan, header.start_utc_ns, manifest.last_ms),
            "gaps": _merged(manifest.gaps, gaps),
        }
    )


def without_journal(
    manifest: SegmentManifest, start: SegmentStart, cage: CageSection, config: RackConfig
) -> SegmentManifest:
    """Return the manifest with what configuration and video say, when the journal is lost."""
    utc_ns = start.moment.utc_ns
    plan = cage_plan(config, cage)
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
            "light_phases": light_phases(plan, utc_ns, manifest.last_ms),
        }
    )


def with_identity_of(manifest: SegmentManifest, earlier: SegmentManifest) -> SegmentManifest:
    """Return the manifest with what an earlier one of the same video knew of its recording."""
    recorded = [gap for gap in earlier.gaps if gap.cause not in _LABEL_CAUSES]
    known = {name: getattr(earlier, name) for name in _IDENTITY}
    return manifest.model_copy(update={**known, "gaps": _merged(manifest.gaps, recorded)})


def light_phases(plan: LightPlan, start_utc_ns: int, last_ms: int) -> list[LightPhase]:
    """Return day and night from the first to the last frame of a segment.

    Another part begins where the phase changes and where ZT does not go on counting evenly.
    """
    parts = []
    from_ms = 0
    while from_ms <= last_ms:
        utc_ns = start_utc_ns + from_ms * _MILLISECOND_NS
        zt_h = written_zt_h(plan.zt_h(utc_ns))
        parts.append(LightPhase(phase=plan.phase(utc_ns), from_ms=from_ms, zt_h=zt_h))
        ends = [plan.zt_ends_ns(utc_ns), plan.next_change_ns(utc_ns)]
        end_ns = min(end for end in ends if end is not None)
        from_ms = -((start_utc_ns - end_ns) // _MILLISECOND_NS)  # the first ms at or after it
    return parts


def recorded_plan(tags: Mapping[str, str], cage: str, config: RackConfig) -> LightPlan:
    """Return the light of the segment's own time; the configuration may have changed since.

    `tags`: of its journal, empty if that is lost; then the configuration counts. `cage`: `01`.
    """
    try:
        if "light_plan" in tags:
            return plan_of_text(tags["light_plan"])
        # Segments until version 0.1 have these two.
        lights = LightConfig.model_validate(
            {"lights_on": tags["lights_on"], "light_hours": tags["light_hours"]}
        )
        return plan_of(lights, config.standard_time)
    except (KeyError, ValueError):
        return _plan_by_config(cage, config)


def _plan_by_config(label: str, config: RackConfig) -> LightPlan:
    found = [cage for cage in config.cage if cage.label == label]
    return cage_plan(config, found[0]) if found else rack_plan(config)


def _merged(found: Sequence[Gap], recorded: Sequence[Gap]) -> list[Gap]:
    return sorted([*found, *recorded], key=lambda gap: (gap.from_ms, gap.to_ms))


def _moment(utc_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=utc_ns // 1000)
