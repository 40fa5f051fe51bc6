"""The light record on disk: bytes, days, torn lines, syncs."""

import hashlib
import os
import resource
from dataclasses import replace
from datetime import date, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.light_record import LightRecord, LightRow
from appliance.light_record_reading import (
    LightRecordError,
    SetBack,
    day_bounds_ns,
    read_day,
    row_of,
)
from tests.appliance.light_day import at_ns

ZONE = timezone(timedelta(hours=1))
DAY = date(2026, 11, 21)
HEADER = (
    "time;standard_time;panel;cause;author;text;zt_h;white_scheduled;white_commanded;"
    "white_measured;ir_commanded;ir_measured;clock_off_s;phase\n"
)
ROW = LightRow(
    utc_ns=at_ns("2026-11-21T07:00:00.400"),
    panel="front",
    cause="schedule",
    phase="light",
    zt_h=0.0001,
    white_scheduled=60,
    white_commanded=60,
    white_measured=58,
    ir_commanded=100,
    ir_measured=None,
    clock_off_s=-0.25,
    author="",
    text="",
)


def minute(number: int) -> LightRow:
    return replace(ROW, cause="minute", utc_ns=ROW.utc_ns + number * 60_000_000_000)


def test_the_bytes_of_a_record_are_these(tmp_path: Path) -> None:
    ordered = replace(
        ROW,
        cause="override",
        author="Maria",
        text='cage change; "quick"\nsecond line',
        clock_off_s=None,
        white_commanded=None,
    )
    LightRecord(tmp_path / "lights", ZONE).write([ROW, ordered])
    assert (tmp_path / "lights" / "2026-11-21.csv").read_text() == (
        HEADER
        + "2026-11-21T06:00:00.400Z;2026-11-21 07:00:00;front;schedule;;;0.0001;60;60;58;100;;"
        "-0.250;light\n" + "2026-11-21T06:00:00.400Z;2026-11-21 07:00:00;front;override;Maria;"
        '"cage change; ""quick"" second line";0.0001;60;;58;100;;;light\n'
    )


def test_a_day_ends_at_midnight_of_standard_time(tmp_path: Path) -> None:
    last = replace(ROW, utc_ns=at_ns("2026-11-21T23:59:59.999"))
    first = replace(ROW, utc_ns=at_ns("2026-11-22T00:00:00"))
    LightRecord(tmp_path, ZONE).write([last, first])
    assert read_day(tmp_path, DAY).rows == (last,)
    assert read_day(tmp_path, date(2026, 11, 22)).rows == (first,)
    assert day_bounds_ns(DAY, ZONE)[1] == first.utc_ns


def test_a_torn_line_is_left_alone_and_counted(tmp_path: Path) -> None:
    record = LightRecord(tmp_path, ZONE)
    record.write([ROW, minute(1)])
    path = tmp_path / "2026-11-21.csv"
    os.truncate(path, path.stat().st_size - 3)
    record.write([minute(2)])
    day = read_day(tmp_path, DAY)
    assert day.rows == (ROW, minute(2))
    assert day.damaged_lines == (3,)


def test_a_header_torn_by_a_cut_costs_no_row(tmp_path: Path) -> None:
    (tmp_path / "2026-11-21.csv").write_text("time;standard_ti")
    LightRecord(tmp_path, ZONE).write([ROW])
    day = read_day(tmp_path, DAY)
    assert day.rows == (ROW,)
    assert day.damaged_lines == (1,)


def test_no_part_of_a_line_is_taken_for_a_row(tmp_path: Path) -> None:
    ordered = replace(ROW, cause="override-end", author="Eva", text='a "b"; c')
    LightRecord(tmp_path, ZONE).write([ordered])
    line = (tmp_path / "2026-11-21.csv").read_text().splitlines()[1]
    assert row_of(line) == ordered
    assert [length for length in range(len(line)) if row_of(line[:length])] == []


@settings(max_examples=40, deadline=None)
@given(
    author=st.text(max_size=20),
    text=st.text(max_size=40),
    level=st.none() | st.integers(0, 100),
    off_ms=st.none() | st.integers(-(10**9), 10**9),
)
def test_every_row_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    author: str,
    text: str,
    level: int | None,
    off_ms: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("record")
    row = replace(
        ROW,
        author="".join(sign for sign in author if sign.isprintable()),
        text="".join(sign for sign in text if sign.isprintable()),
        white_measured=level,
        ir_commanded=level,
        clock_off_s=None if off_ms is None else off_ms / 1000,
    )
    LightRecord(folder, ZONE).write([row])
    assert read_day(folder, DAY).rows == (row,)


def test_minutes_wait_for_the_disk_and_changes_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(1))
    now_s = [100.0]
    record = LightRecord(tmp_path, ZONE, lambda: now_s[0])
    record.write([ROW])
    assert len(synced) == 2, "the file and its folder"
    record.write([minute(1)])
    assert len(synced) == 2
    record.write([replace(ROW, cause="reason")])
    assert len(synced) == 3
    now_s[0] += 5.0
    record.write([minute(2)])
    assert len(synced) == 4


def test_the_last_minute_of_a_day_is_synced_with_the_next_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = LightRecord(tmp_path, ZONE, lambda: 100.0)
    record.write([ROW])
    record.write([minute(1)])
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
    )
    record.write([replace(ROW, utc_ns=at_ns("2026-11-22T00:00:00"))])
    assert synced == ["2026-11-21.csv", "2026-11-22.csv", tmp_path.name]


def test_a_disk_that_refuses_is_told_and_later_rows_are_whole(tmp_path: Path) -> None:
    folder = tmp_path / "lights"
    folder.write_text("in the way")
    record = LightRecord(folder, ZONE)
    with pytest.raises(OSError, match="lights"):
        record.write([ROW])
    folder.unlink()
    record.write([minute(1)])
    assert read_day(folder, DAY).rows == (minute(1),)


def test_a_full_disk_takes_no_part_of_a_call_twice(tmp_path: Path) -> None:
    record = LightRecord(tmp_path, ZONE)
    record.write([ROW])
    path = tmp_path / "2026-11-21.csv"
    size = path.stat().st_size
    rows = [minute(number) for number in range(1, 5)]
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 150, unlimited[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            record.write(rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert path.stat().st_size == size
    record.write(rows)
    assert read_day(tmp_path, DAY).rows == (ROW, *rows)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-21.csv"
    path.write_text("frame;annotation\n0;7\n")
    with pytest.raises(LightRecordError, match="is no light record: line 1 is not time;"):
        read_day(tmp_path, DAY)


def test_rows_behind_a_clock_that_was_set_back_are_sorted_and_counted(tmp_path: Path) -> None:
    LightRecord(tmp_path, ZONE).write([minute(5), ROW, minute(6)])
    day = read_day(tmp_path, DAY)
    assert day.rows == (ROW, minute(5), minute(6))
    assert day.backward_rows == 1
    assert day.set_back == (SetBack("front", ROW.utc_ns, minute(5).utc_ns),)


def test_a_record_has_grown_only_from_its_own_beginning(tmp_path: Path) -> None:
    record = LightRecord(tmp_path, ZONE)
    path = tmp_path / "2026-11-21.csv"
    record.write([ROW])
    os.truncate(path, path.stat().st_size - 3)
    torn = hashlib.sha256(path.read_bytes()).hexdigest()
    record.write([minute(1)])
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    record.write([minute(2)])
    day = read_day(tmp_path, DAY)
    assert [day.has_grown_from(one) for one in (torn, whole, day.sha256)] == [True] * 3
    path.write_bytes(path.read_bytes().replace(b"front", b"other", 1))
    assert not read_day(tmp_path, DAY).has_grown_from(whole)


@pytest.mark.parametrize(
    "damage",
    [
        ("60;60;58", "sixty;60;58"),
        (";60;60;58", ";;60;58"),
        ("06:00:00.400Z", "06:00:00"),
        ("2026-11-21T", "2026-13-21T"),
        ("schedule", "whim"),
        ("light\n", "bright\n"),
        ("front", ""),
        ("-0.250", "\0\0\0"),
        ("front", '"front'),
        ("front", '"fr"ont'),
    ],
)
def test_a_damaged_field_makes_no_row(tmp_path: Path, damage: tuple[str, str]) -> None:
    LightRecord(tmp_path, ZONE).write([ROW])
    path = tmp_path / "2026-11-21.csv"
    header, line = path.read_text().split("\n", 1)
    path.write_text(f"{header}\n{line.replace(*damage)}")
    day = read_day(tmp_path, DAY)
    assert (day.rows, day.damaged_lines) == ((), (2,))
