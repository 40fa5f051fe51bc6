"""What the rack's state and its screen say of the cameras' pictures."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from appliance.rack_status import RackReporter
from appliance.report import CagePicture, Report, WatcherDetail
from appliance.status_screen import status_screen
from appliance.stopped_cages import StoppedCages
from appliance.worker_slot import Patience
from appliance.worker_table import WorkerTable, worker_names
from tests.appliance.rack_factory import cage_status, rack, rack_status
from tests.appliance.test_picture_alert import picture


def shown(*pictures: CagePicture) -> str:
    cages = tuple(cage_status(one.cage, picture=one) for one in pictures)
    console = Console(width=80, record=True, file=StringIO())
    console.print(status_screen(rack_status(cages=cages)))
    return console.export_text()


def test_the_screen_counts_pictures_at_fault_and_cages_without_a_reference() -> None:
    bad = picture(cage=2, faults=("frozen",), sentences=("it stands still",))
    bare = picture(cage=1, is_commissioned=False)
    assert "pictures  2 watched, 1 with a fault, 1 without a reference\n" in shown(bare, bad)
    assert "pictures  1 watched, 0 with a fault\n" in shown(picture(cage=1))


def test_every_rack_needs_a_watcher_and_its_report_comes_to_the_cages(tmp_path: Path) -> None:
    config = rack(tmp_path)
    assert "watcher" in worker_names(config)
    table = WorkerTable(config, "", lambda name: ["true", name], Patience())
    try:
        reporter = RackReporter(config, table.slots, StoppedCages(tmp_path / "stopped.json"))
        detail = WatcherDetail(cages=(picture(cage=2),))
        report = Report(worker="watcher", pid=1, config_sha256="", state="ready", detail=detail)
        table.slots["watcher"].report = report
        status = reporter.status(0.0, None, (), clock_synchronized=True)
    finally:
        table.close()
    assert [cage.picture for cage in status.cages] == [None, picture(cage=2)]
