"""The ledger, and the inventories that are made from it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest

from sync.checksum import FileDigest
from sync.error import SourceChanged
from sync.inventory import is_settled, write_due_inventories
from sync.object_key import RackFile, object_key
from sync.scan import scan_rack
from sync.upload_ledger import FileOnDisk, UploadLedger

DAY: Final = "2026-11-22"
OFFSET: Final = timezone(timedelta(hours=1))
SETTLED: Final = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 01:00 in the facility
PART: Final = 16 << 20
HOUR_NS: Final = 3_600_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[UploadLedger]:
    with UploadLedger(tmp_path / "uploads.sqlite") as opened:
        yield opened


def on_disk(name: str, size: int = 10) -> FileOnDisk:
    file = RackFile(f"01/{DAY}/{name}", DAY)
    return FileOnDisk(file, object_key("p/north/rack-1", file), size, 1)


def verify(ledger: UploadLedger, found: FileOnDisk) -> None:
    digest = FileDigest(found.size, "ab" * 32, PART, (bytes(32),))
    ledger.expect([found])
    ledger.note_digest(found.file.path, digest)
    ledger.mark_verified(found.file.path, 5)


def test_what_failed_often_lets_all_others_go_first(ledger: UploadLedger) -> None:
    ledger.expect([on_disk("a.csv"), on_disk("b.csv")])
    for _ in range(2):
        ledger.mark_failed(f"01/{DAY}/a.csv", "damaged", 0)
    first = ledger.next_due(100)
    ledger.mark_failed(f"01/{DAY}/a.csv", "damaged", 0)
    second = ledger.next_due(100)
    assert first is not None
    assert second is not None
    assert (first.path, second.path) == (f"01/{DAY}/a.csv", f"01/{DAY}/b.csv")


def test_a_delay_passes_even_if_the_clock_is_put_back(ledger: UploadLedger) -> None:
    ledger.expect([on_disk("a.csv")])
    ledger.mark_failed(f"01/{DAY}/a.csv", "damaged", 10 * HOUR_NS)
    assert ledger.next_due(10 * HOUR_NS - 1) is None
    assert ledger.next_due(10 * HOUR_NS) is not None
    assert ledger.next_due(8 * HOUR_NS) is not None


def test_parts_that_the_store_has_are_not_waiting(ledger: UploadLedger) -> None:
    found = on_disk("a.mkv", 2 * PART + 5)
    ledger.expect([found])
    parts = (bytes(32), bytes(32), bytes(32))
    ledger.note_digest(found.file.path, FileDigest(found.size, "ab" * 32, PART, parts))
    notes = ledger.notes(found.file.path)
    notes.begin("upload-1")
    notes.note(3, "etag-3")
    notes.note(1, "etag-1")
    assert ledger.backlog().waiting_bytes == PART
    assert notes.etags() == {1: "etag-1", 3: "etag-3"}
    assert ledger.upload_ids() == {"upload-1"}
    notes.forget()
    assert ledger.backlog().waiting_bytes == 2 * PART + 5


def test_a_changed_file_loses_all_that_was_known_of_it(ledger: UploadLedger) -> None:
    verify(ledger, on_disk("a.csv", 10))
    ledger.expect([on_disk("a.csv", 11)])
    assert ledger.backlog().verified_files == 0
    assert ledger.digest(f"01/{DAY}/a.csv") is None


def test_verified_files_are_remembered_when_their_local_copy_is_gone(ledger: UploadLedger) -> None:
    verify(ledger, on_disk("a.csv"))
    ledger.expect([on_disk("b.csv")])
    assert ledger.forget_vanished([]) == [f"01/{DAY}/b.csv"]
    assert ledger.backlog().verified_files == 1


def test_a_day_is_settled_an_hour_after_its_end_in_the_facilitys_time() -> None:
    assert not is_settled(DAY, OFFSET, SETTLED - timedelta(seconds=1))
    assert is_settled(DAY, OFFSET, SETTLED)
    assert not is_settled("2026-13-45", OFFSET, SETTLED)


def test_an_inventory_is_written_as_its_readers_expect(
    ledger: UploadLedger, tmp_path: Path
) -> None:
    verify(ledger, on_disk("x.csv"))
    (path,) = write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED)
    assert path == tmp_path / "inventory" / f"{DAY}.json"
    assert path.read_text() == (
        "{\n"
        '  "schema": "ethoprofiler.inventory/1",\n'
        '  "day": "2026-11-22",\n'
        '  "files": [\n'
        "    {\n"
        '      "key": "p/north/rack-1/01/2026-11-22/x.csv",\n'
        '      "size": 10,\n'
        f'      "sha256": "{"ab" * 32}"\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )
    assert write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED) == []


@pytest.mark.parametrize("hindrance", ["waiting file", "open file", "young day"])
def test_no_inventory_is_written_before_its_day_is_complete(
    ledger: UploadLedger, tmp_path: Path, hindrance: str
) -> None:
    verify(ledger, on_disk("x.csv"))
    if hindrance == "waiting file":
        ledger.expect([on_disk("y.csv")])
    open_days = {DAY} if hindrance == "open file" else set()
    now = SETTLED - timedelta(hours=2) if hindrance == "young day" else SETTLED
    assert write_due_inventories(tmp_path, ledger, open_days, OFFSET, now) == []


def test_a_late_file_gets_a_further_inventory_that_names_everything(
    ledger: UploadLedger, tmp_path: Path
) -> None:
    verify(ledger, on_disk("x.csv"))
    (first,) = write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED)
    content = first.read_bytes()
    verify(ledger, on_disk("a.csv"))
    (second,) = write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED)
    assert second.name == f"{DAY}_2.json"
    assert first.read_bytes() == content
    assert [line for line in second.read_text().splitlines() if "key" in line] == [
        '      "key": "p/north/rack-1/01/2026-11-22/a.csv",',
        '      "key": "p/north/rack-1/01/2026-11-22/x.csv",',
    ]


def test_a_lost_ledger_does_not_lead_to_another_inventory(tmp_path: Path) -> None:
    for name in ("one.sqlite", "two.sqlite"):
        with UploadLedger(tmp_path / name) as ledger:
            verify(ledger, on_disk("x.csv"))
            write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED)
    assert [path.name for path in (tmp_path / "inventory").iterdir()] == [f"{DAY}.json"]


def test_an_inventory_that_cannot_be_read_is_a_sentence(
    ledger: UploadLedger, tmp_path: Path
) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / f"{DAY}.json").write_text("{")
    verify(ledger, on_disk("x.csv"))
    with pytest.raises(SourceChanged, match=f"{DAY}.json: is not an inventory"):
        write_due_inventories(tmp_path, ledger, set(), OFFSET, SETTLED)


def test_a_scan_tells_finished_open_and_strange_files_apart(tmp_path: Path) -> None:
    day = tmp_path / "01" / DAY
    day.mkdir(parents=True)
    (tmp_path / "02").write_text("not a folder")
    (day / "01_20261122_060000.mkv").write_bytes(b"video")
    (day / "01_20261122_120000.mkv.part").touch()
    (day / "notes.txt").touch()
    scan = scan_rack(tmp_path, "p/north/rack-1", OFFSET, SETTLED)
    assert [(found.key, found.size) for found in scan.finished] == [
        (f"p/north/rack-1/01/{DAY}/01_20261122_060000.mkv", 5)
    ]
    assert scan.open_days == {DAY}
    assert scan.strangers == (f"01/{DAY}/notes.txt",)


def test_a_rack_without_a_data_folder_has_no_files(tmp_path: Path) -> None:
    assert scan_rack(tmp_path / "nothing", "p", OFFSET, SETTLED).finished == ()
