"""What is told of the way to the store."""

import pytest

from appliance.report import UploaderDetail
from appliance.uploader_worker import sync_payload

BEHIND = UploaderDetail(
    store="store",
    reachable=True,
    waiting_files=2,
    waiting_bytes=9_000_000,
    verified_files=7,
    last_verified_utc_ns=None,
    bytes_per_s=1_200_000.0,
    conflicts=0,
)


@pytest.mark.parametrize(
    ("changes", "estimate_s"),
    [
        ({}, 7.5),
        ({"bytes_per_s": 0.0}, None),
        ({"reachable": False}, None),
        ({"waiting_files": 0, "waiting_bytes": 0}, 0.0),
        ({"waiting_files": 0, "waiting_bytes": 0, "bytes_per_s": 0.0}, 0.0),
    ],
)
def test_the_estimate_is_what_waits_at_the_present_rate(
    changes: dict[str, object], estimate_s: float | None
) -> None:
    assert sync_payload(BEHIND.model_copy(update=changes)).estimate_s == estimate_s
