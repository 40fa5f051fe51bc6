"""The data folder of a rack that starts."""

from pathlib import Path

import pytest

from appliance import data_folder
from appliance.data_folder import prepare_data_folder
from appliance.supervisor import Supervisor
from capture_hw.data_volume import MARKER, is_marked
from tests.appliance.rack_factory import rack


def test_a_supervisor_makes_and_marks_the_data_folder(tmp_path: Path) -> None:
    config = rack(tmp_path)
    with Supervisor(config, "0" * 64, lambda _: []):
        assert is_marked(config.rack.data)
        mark = (config.rack.data / MARKER).read_bytes()
    with Supervisor(config, "0" * 64, lambda _: []):
        assert (config.rack.data / MARKER).read_bytes() == mark


def test_a_volume_of_the_table_that_is_not_mounted_is_named_and_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    monkeypatch.setattr(data_folder, "meant_mount", lambda _: data)
    prepare_data_folder(data)
    assert not is_marked(data)
    assert caplog.messages == [f"{data}: {data} is in /etc/fstab but not mounted"]
