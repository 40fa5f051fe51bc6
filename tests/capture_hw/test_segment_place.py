"""No name of a segment is given twice, over all folders of a cage."""

from pathlib import Path

import pytest

from capture_hw.segment_place import free_video_path
from tests.capture_hw.scripted_camera import STANDARD_TIME

_NOON_UTC_NS = 1_795_345_200_000_000_000
"""2026-11-22 12:00:00 at UTC+1."""
_NAME = "03_20261122_120000"


def _stem(folder: Path, elsewhere: Path, given: tuple[str, ...] = ()) -> str:
    folders = (folder, elsewhere)
    return free_video_path(folder, 3, _NOON_UTC_NS, STANDARD_TIME, folders, given).stem


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The cage's folder on two volumes."""
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    for folder in (main, spool):
        (folder / "2026-11-22").mkdir(parents=True)
    return main, spool


def test_the_name_is_the_second_of_the_first_frame(folders: tuple[Path, Path]) -> None:
    assert _stem(*folders) == _NAME


@pytest.mark.parametrize(
    "form",
    ["mkv", "mkv.part", "csv", "json", "journal.part", "mkv.unreadable", "mkv.move.part"],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_name_taken_on_either_volume_is_not_given(
    folders: tuple[Path, Path], form: str, place: int
) -> None:
    (folders[place] / "2026-11-22" / f"{_NAME}.{form}").touch()
    assert _stem(*folders) == "03_20261122_120001"


def test_a_name_given_on_a_volume_that_is_away_by_now_is_not_given_again(
    folders: tuple[Path, Path],
) -> None:
    main, spool = folders
    main.parent.rename(main.parent.with_name("away"))
    assert _stem(spool, main, (_NAME,)) == "03_20261122_120001"


def test_a_volume_that_cannot_be_read_has_no_say(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    main, spool = folders
    exists = Path.exists

    def on_a_sick_disk(path: Path) -> bool:
        if path.is_relative_to(main):
            raise OSError(5, "Input/output error", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", on_a_sick_disk)
    assert _stem(spool, main) == _NAME
