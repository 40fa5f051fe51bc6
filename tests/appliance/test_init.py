"""`ethoprofiler init`: a configuration to start from."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.command.init import init
from appliance.config import read_config
from appliance.example_config import example_config


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(init, [*map(str, arguments)])


@pytest.mark.parametrize("cages", [1, 10, 99])
def test_the_example_is_valid_as_it_stands(tmp_path: Path, cages: int) -> None:
    path = tmp_path / "mine.toml"
    done = run(path, "--cages", str(cages))
    assert (done.exit_code, done.stdout) == (0, "")
    config = read_config(path)
    assert [cage.number for cage in config.cage] == list(range(1, cages + 1))
    assert {cage.camera.driver for cage in config.cage} == {"simulated"}
    assert [panel.name for panel in config.lights.panel] == ["main"]
    assert (config.mqtt, config.store) == (None, None)


def test_ten_cages_in_rack_toml_is_what_comes_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run()
    assert done.exit_code == 0
    assert "rack.toml: written, 10 simulated cages\n" in done.stderr
    assert "ethoprofiler check rack.toml" in done.stderr
    assert len(read_config(Path("rack.toml")).cage) == 10


def test_every_section_stands_there_with_its_defaults_or_as_a_comment() -> None:
    document = tomllib.loads(example_config(1))
    assert set(document) == {"rack", "recording", "lights", "classifier", "alerts", "cage"}
    text = example_config(1)
    assert all(f"# [{name}]" in text for name in ("mqtt", "store"))
    assert all(f'driver = "{driver}"' in text for driver in ("replay", "stream", "simulated"))
    assert all(f'kind = "{kind}"' in text for kind in ("s3", "folder"))


@pytest.mark.parametrize("folder_store", [False, True])
def test_the_commented_broker_and_stores_are_valid_too(tmp_path: Path, folder_store: bool) -> None:
    text = example_config(1)
    broker = text[text.index("# [mqtt]") : text.index("# Finished recordings")]
    stores = text[text.index("# [store]") : text.index("# One [[cage]]")].split("# [store]\n")[1:]
    chosen = stores[folder_store].split("#\n")[0]
    extra = f"{broker}# [store]\n{chosen}".replace("# ", "")
    path = tmp_path / "rack.toml"
    path.write_text(text + extra)
    config = read_config(path)
    assert config.mqtt is not None
    assert config.mqtt.port == 8883
    assert config.store is not None
    assert config.store.kind == ("folder" if folder_store else "s3")


def test_the_commented_cameras_are_valid_too(tmp_path: Path) -> None:
    lines = [line.lstrip("# ") for line in example_config(1).splitlines() if line.startswith("#  ")]
    replay, card, stream, crop = (line for line in lines if line.startswith(("camera =", "crop =")))
    text = example_config(1)
    for number, camera in enumerate((replay, card, stream), start=2):
        text += f'[[cage]]\nnumber = {number}\nanimal = "A"\n{camera}\n{crop}\n'
    path = tmp_path / "rack.toml"
    path.write_text(text)
    drivers = [cage.camera.driver for cage in read_config(path).cage]
    assert drivers == ["simulated", "replay", "v4l2", "stream"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "rack.toml"
    path.write_text("mine")
    done = run(path)
    assert done.exit_code == 1
    assert f"{path}: exists already and is left as it is" in done.stderr
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path / "none" / "rack.toml")
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory" in done.stderr


@pytest.mark.parametrize("cages", ["0", "100", "x"])
def test_a_wrong_number_of_cages_is_refused(tmp_path: Path, cages: str) -> None:
    done = run(tmp_path / "rack.toml", "--cages", cages)
    assert done.exit_code == 2
    assert not (tmp_path / "rack.toml").exists()
