"""The light record in the store: a day's file once no row can come to it."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from sync.open_store import open_store
from sync.scan import scan_rack
from sync.store_config import FolderStoreConfig
from tests.sync.rack import DAY, STANDARD_TIME, STEM, Rack

MIDNIGHT: Final = datetime(2026, 11, 23, tzinfo=STANDARD_TIME)
AN_HOUR: Final = timedelta(hours=1)


def write_day(data: Path, day: str, last_row: datetime, text: str = "time;panel\n") -> Path:
    path = data / "lights" / f"{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (last_row.timestamp(), last_row.timestamp()))
    return path


def uploaded(data: Path, now: datetime) -> list[str]:
    """Return the keys of what a scan gives to the uploader."""
    return [found.key for found in scan_rack(data, "rack", STANDARD_TIME, now).finished]


def test_a_day_is_finished_an_hour_after_its_last_row_and_its_end(tmp_path: Path) -> None:
    write_day(tmp_path, DAY, MIDNIGHT)
    write_day(tmp_path, "2026-11-23", MIDNIGHT + timedelta(seconds=1))
    (tmp_path / "lights" / f"{DAY}.signed.json").write_text("{}")
    assert uploaded(tmp_path, MIDNIGHT + AN_HOUR - timedelta(seconds=1)) == []
    assert uploaded(tmp_path, MIDNIGHT + AN_HOUR) == [f"rack/lights/{DAY}.csv"]


@pytest.mark.parametrize(
    ("last_row", "other_day", "now"),
    [
        (MIDNIGHT - AN_HOUR, "2026-11-21", MIDNIGHT + 9 * AN_HOUR),
        (MIDNIGHT + 8.1 * AN_HOUR, "2026-11-23", MIDNIGHT + 9 * AN_HOUR),
        (MIDNIGHT - 4 * AN_HOUR, "2026-11-23", MIDNIGHT + 0.9 * AN_HOUR),
    ],
    ids=["no later day", "written lately", "just over"],
)
def test_a_day_that_may_still_get_rows_waits(
    tmp_path: Path, last_row: datetime, other_day: str, now: datetime
) -> None:
    """Rows may wait for a volume that was away; they come before those of the next day."""
    write_day(tmp_path, DAY, last_row)
    write_day(tmp_path, other_day, MIDNIGHT)
    assert f"rack/lights/{DAY}.csv" not in uploaded(tmp_path, now)


def test_a_day_of_light_is_verified_and_in_the_inventory(tmp_path: Path) -> None:
    place = tmp_path / "store"
    place.mkdir()
    rack = Rack(tmp_path, "recordings/north/rack-1", MIDNIGHT + 2 * AN_HOUR)
    rack.add(f"{STEM}.json", 100)
    record = write_day(rack.data, DAY, MIDNIGHT)
    write_day(rack.data, "2026-11-23", MIDNIGHT)
    with rack.uploading(open_store(FolderStoreConfig(kind="folder", path=place))) as session:
        listed = rack.data / "inventory" / f"{DAY}.json"
        session.drain()
        session.uploader._scan_due_s = 0.0
        session.until(listed.exists)
    copies = sorted(path.name for path in (place / rack.rack / "lights").iterdir())
    assert copies == [f"{DAY}.csv"]
    assert (place / rack.rack / "lights" / copies[0]).read_bytes() == record.read_bytes()
    keys = [file["key"] for file in json.loads(listed.read_text())["files"]]
    assert keys == [f"{rack.rack}/01/{DAY}/{STEM}.json", f"{rack.rack}/lights/{DAY}.csv"]
