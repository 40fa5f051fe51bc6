"""What a segment's manifest says, also where it cannot be."""

import json
from pathlib import Path

import pytest

from appliance.segment_check import check_segment
from appliance.segment_check_screen import sentence
from appliance.segment_files import find_segments
from appliance.segment_manifest import Gap
from tests.recorded_segment import write_recorded


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("utc_offset", "Z"),
        ("utc_offset", "+24:00"),
        ("utc_offset", "+1:00"),
        ("utc_offset", ""),
        ("start_utc_ns", 10**30),
        ("start_utc_ns", -(10**30)),
        ("start_utc_ns", 2**63),
    ],
)
def test_an_offset_or_a_start_that_is_none_is_a_fault(
    tmp_path: Path, key: str, value: object
) -> None:
    path = write_recorded(tmp_path).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    (files,), _ = find_segments([str(path)])
    told = [sentence(fault) for fault in check_segment(files, quick=True).faults]
    assert told[-1].startswith(f"its manifest gives {value!r} as {key}, ")
    assert all("\n" not in one for one in told)


def test_a_sum_of_gaps_counts_as_so_many(tmp_path: Path) -> None:
    times_ms = (*range(0, 2000, 40), *range(2080, 2400, 80), *range(2400, 4000, 40))
    gaps = [
        Gap(from_ms=1960, to_ms=2401, frames_lost=5, cause="camera stalled", count=5),
        Gap(from_ms=-9000, to_ms=0, frames_lost=200, cause="recorder restarted"),
    ]
    (files,), _ = find_segments([str(write_recorded(tmp_path, times_ms, gaps=gaps))])
    result = check_segment(files, quick=True)
    assert (result.gaps, result.frames_lost, result.faults) == (6, 205, [])
