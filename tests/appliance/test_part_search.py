"""Which unfinished video of a cage is being written."""

import os
from pathlib import Path

from appliance.part_search import newest_part


def test_the_newest_unfinished_video_of_all_folders_is_the_one(tmp_path: Path) -> None:
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    names = (
        main / "2026-11-20" / "03_20261120_180000.mkv.part",
        main / "2026-11-22" / "03_20261122_060000.mkv.part",
        spool / "2026-11-22" / "03_20261122_070000.mkv.part",
        spool / "2026-11-22" / "03_20261122_070000.journal.part",
        spool / "2026-11-22" / "04_20261122_080000.mkv.part",
    )
    for age, name in enumerate(reversed(names)):
        name.parent.mkdir(parents=True, exist_ok=True)
        name.touch()
        os.utime(name, ns=(0, 10**18 - age * 10**9))
    assert newest_part([main, spool], 3, 0) == names[2]
    assert newest_part([main], 3, 0) == names[1]
    assert newest_part([tmp_path / "nothing"], 3, 0) is None


def test_behind_a_folder_that_is_being_written_none_is_searched(tmp_path: Path) -> None:
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    for age_s, folder in ((1, spool), (0, main)):
        path = folder / "2026-11-22" / "03_20261122_060000.mkv.part"
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, ns=(0, 10**18 - age_s * 10**9))
    found = newest_part([spool, main], 3, 10**18)
    assert found is not None
    assert found.is_relative_to(spool)
    later = newest_part([spool, main], 3, 10**18 + 60 * 10**9)
    assert later is not None
    assert later.is_relative_to(main)
