"""Names in the store: a contract with whoever reads the bucket."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.object_key import RackFile, object_key, parse_rack_file, rack_key

_DAYS = st.dates().map(lambda day: f"{day.year:04d}-{day.month:02d}-{day.day:02d}")
_STEMS = st.from_regex(r"[0-9]{2}_[0-9]{8}_[0-9]{6}", fullmatch=True)


def test_keys_are_as_the_contract_says() -> None:
    file = parse_rack_file("03/2026-11-22/03_20261122_060000.mkv")
    assert file == RackFile("03/2026-11-22/03_20261122_060000.mkv", "2026-11-22")
    assert object_key(rack_key("ethoprofiler", "north", "rack-1"), file) == (
        "ethoprofiler/north/rack-1/03/2026-11-22/03_20261122_060000.mkv"
    )
    inventory = parse_rack_file("inventory/2026-11-22_2.json")
    assert inventory == RackFile("inventory/2026-11-22_2.json", "2026-11-22")
    assert object_key(rack_key("", "north", "rack-1"), inventory) == (
        "north/rack-1/inventory/2026-11-22_2.json"
    )


def test_a_day_of_the_light_record_has_its_key_and_who_signed_it_none() -> None:
    record = parse_rack_file("lights/2026-11-22.csv")
    assert record == RackFile("lights/2026-11-22.csv", "2026-11-22")
    assert object_key("p/f/r", record) == "p/f/r/lights/2026-11-22.csv"


@pytest.mark.parametrize(
    "path",
    [
        "03/2026-11-22/03_20261122_060000.mkv.part",
        "03/2026-11-22/03_20261122_060000.journal.part",
        "03/2026-11-22/.hidden.json",
        "03/2026-11-22/a b.json",
        "03/2026-11-22/..json",
        "03/2026-11-22/x.mp4",
        "03/2026-11-22/deeper/x.mkv",
        "3/2026-11-22/x.mkv",
        "03/20261122/x.mkv",
        "../2026-11-22/x.mkv",
        "inventory/2026-11-22.csv",
        "inventory/notes.json",
        "lights/2026-11-22.signed.json",
        "lights/2026-11-22.json",
        "lights/2026-11-22-copy.csv",
        "x.mkv",
        "",
    ],
)
def test_anything_else_is_no_file_of_the_rack(path: str) -> None:
    assert parse_rack_file(path) is None


@given(st.integers(1, 99), _DAYS, _STEMS, st.sampled_from(["mkv", "csv", "json"]))
def test_every_segment_file_has_its_key(cage: int, day: str, stem: str, suffix: str) -> None:
    path = f"{cage:02d}/{day}/{stem}.{suffix}"
    file = parse_rack_file(path)
    assert file is not None
    assert (file.day, file.is_video) == (day, suffix == "mkv")
    assert object_key("p/f/r", file) == f"p/f/r/{path}"


@given(st.text(max_size=60))
def test_no_path_leads_to_a_key_outside_the_rack(path: str) -> None:
    file = parse_rack_file(path)
    key = "" if file is None else object_key("p/f/r", file)
    assert key == "" or re.fullmatch(r"p/f/r/[A-Za-z0-9]+/[A-Za-z0-9_./-]+", key)
    assert ".." not in key
