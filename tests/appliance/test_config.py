"""Reading the configuration."""

from datetime import time, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import ConfigError, RackConfig, read_config

RACK: Final = """\
[rack]
facility = "demo"
name = "rack-1"
data = "data"
utc_offset = "+01:00"
"""
CAGE: Final = """\
[[cage]]
number = 1
animal = "A1"
camera = { driver = "simulated", seed = 3 }
"""
VALID: Final = RACK + CAGE


def write(folder: Path, text: str) -> Path:
    path = folder / "rack.toml"
    path.write_bytes(text.encode())
    return path


def read(folder: Path, text: str) -> RackConfig:
    return read_config(write(folder, text))


def complaints(folder: Path, text: str) -> list[str]:
    """Return the lines of the error without the file's name."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    config = read(tmp_path, VALID)
    assert config.rack.name == "rack-1"
    assert config.cage[0].label == "01"
    assert config.recording.segment_s == 21_600
    assert config.lights.lights_on == time(7, 0)
    assert config.standard_time.utcoffset(None) == timedelta(hours=1)
    assert config.mqtt is None


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    config = read(tmp_path, "\ufeff" + VALID.replace("\n", "\r\n"))
    assert config.rack.facility == "demo"


def test_every_relative_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        RACK
        + """state = "../state"
[[cage]]
number = 1
animal = "A1"
camera = { driver = "replay", file = "videos/a.mkv" }
[[cage]]
number = 2
animal = "A2"
camera = { driver = "simulated", fault_file = "faults.json" }
[classifier]
model = "mine.onnx"
[mqtt]
host = "localhost"
tls = true
username = "rack"
ca_file = "ca.pem"
password_file = "secret/password"
[store]
kind = "s3"
bucket = "recordings"
ca_file = "/etc/ssl/ca.pem"
""",
    )
    one, two = config.cage
    assert config.rack.data == tmp_path / "data"
    assert config.state == tmp_path / "../state"
    assert one.camera.driver == "replay"
    assert one.camera.file == tmp_path / "videos/a.mkv"
    assert two.camera.driver == "simulated"
    assert two.camera.fault_file == tmp_path / "faults.json"
    assert config.classifier.model == str(tmp_path / "mine.onnx")
    assert config.mqtt is not None
    assert config.mqtt.ca_file == tmp_path / "ca.pem"
    assert config.mqtt.password_file == tmp_path / "secret/password"
    assert config.store is not None
    assert config.store.kind == "s3"
    assert config.store.ca_file == Path("/etc/ssl/ca.pem")


def test_paths_are_absolute_even_if_the_file_is_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, VALID + '[store]\nkind = "folder"\npath = "store"\n')
    monkeypatch.chdir(tmp_path)
    config = read_config(Path("rack.toml"))
    assert config.rack.data == tmp_path / "data"
    assert config.state == tmp_path / "data" / ".state"
    assert config.store is not None
    assert config.store.kind == "folder"
    assert config.store.path == tmp_path / "store"


def test_a_shipped_model_is_a_name_and_no_path(tmp_path: Path) -> None:
    assert read(tmp_path, VALID).classifier.model == "ethocnn-lite-simulated"


FAULTS: Final = [
    (
        VALID.replace('"demo"', '"Demo"'),
        'line 2: rack.facility = "Demo": must be lower-case letters, digits and hyphens, at most',
    ),
    (VALID.replace('data = "data"\n', ""), "line 1: rack.data: is missing"),
    (
        VALID.replace("+01:00", "Europe/Berlin"),
        'line 5: rack.utc_offset = "Europe/Berlin": must be hours and minutes in quotes, such as',
    ),
    (CAGE, "rack: is missing; the file needs a table [rack]"),
    (RACK, "cage: is missing; the file needs at least one [[cage]]"),
    (
        VALID.replace("[[cage]]", "[cage]"),
        "line 6: cage: write [[cage]], in double brackets, once for each",
    ),
    (VALID.replace("number = 1", "number = 0"), "line 7: cage.number = 0: must be at least 1"),
    (
        VALID.replace("number = 1", "number = true"),
        "line 7: cage.number = true: must be a whole number",
    ),
    (
        VALID.replace("number = 1", 'number = "1"'),
        'line 7: cage.number = "1": must be a whole number',
    ),
    (
        VALID.replace("number = 1", "number = [1]"),
        "line 7: cage.number = [1]: must be a whole number",
    ),
    (
        VALID.replace('"A1"', '"A\\u0007"'),
        'line 8: cage.animal = "A\\u0007": must be text without control characters',
    ),
    (
        VALID.replace("seed", "sead"),
        "line 9: cage.camera.sead = 3: unknown key; did you mean `seed`?",
    ),
    (
        VALID.replace('"simulated"', '"firewire"'),
        (
            'line 9: cage.camera.driver = "firewire": must be one of `replay`, `simulated`,'
            " `stream`, `v4l2`"
        ),
    ),
    (
        VALID.replace('driver = "simulated", ', ""),
        (
            "line 9: cage.camera.driver: is missing; it must be one of `replay`, `simulated`,"
            " `stream`, `v4l2`"
        ),
    ),
    (VALID.replace("camera = {", "kamera = {"), "line 6: cage.camera: is missing"),
    (
        VALID + "[recording]\nsegment_s = 7000\n",
        "line 11: recording.segment_s = 7000: must divide a day",
    ),
    (VALID + "[lights]\nlights_on = 7\n", "line 11: lights.lights_on = 7: must be a time of day"),
    (
        VALID + '[lights]\nlights_on = "7"\n',
        'line 11: lights.lights_on = "7": must be a time of day',
    ),
    (
        VALID + "[lights]\nlights_on = 07:00\n",
        "line 11: not valid TOML: a time of day needs its seconds, such as 07:00:00",
    ),
    (
        VALID + "[lights]\nlight_hours = 73\n",
        "line 11: lights.light_hours = 73: must be at most 72",
    ),
    (
        VALID + "[alerts]\nlag_s = inf\n",
        "line 11: alerts.lag_s = Infinity: must be a finite number",
    ),
    (
        VALID + "[alerts]\ndisk_hours = [\n  3,\n  -1,\n]\n",
        "line 13: alerts.disk_hours = -1: must be more than 0",
    ),
    (
        VALID + '[mqtt]\nhost = "mqtt://rack:hunter2@broker"\n',
        'line 11: mqtt.host = "mqtt://***@broker": must be a host\'s name or address, without',
    ),
    (
        VALID + '[mqtt]\nhost = "broker"\nca_file = "ca.pem"\n',
        'line 12: mqtt.ca_file = "ca.pem": needs `tls = true`',
    ),
    (
        VALID + '[mqtt]\nhost = "broker"\npassword_file = "p"\n',
        'line 12: mqtt.password_file = "p": needs a `username`',
    ),
    (
        VALID + '[store]\nkind = "folder"\npath = "data/store"\n',
        "the store and the recordings",
    ),
    (VALID + '[store]\nkind = "folder"\npath = "."\n', "line 12: store.path"),
    (
        VALID.replace('"data"', '"~/data"'),
        'line 4: rack.data = "~/data": `~` would mean another folder for each user',
    ),
    (VALID.replace('"data"', '"a\\u0000b"'), "line 4: rack.data"),
    (VALID + "[lihgts]\n", "line 10: lihgts: unknown key; did you mean `lights`?"),
    ("rack = 3\n" + CAGE, "line 1: rack = 3: must be a table"),
    ("[rack\n", "line 1: not valid TOML: expected ']' at the end of a table declaration"),
    (VALID + "[rack]\n", "line 10: not valid TOML: cannot declare ('rack',) twice"),
    (VALID + 'x = "', "line 10: not valid TOML"),
    ("a = " + "9" * 5000, "not valid TOML: Exceeds the limit"),
    ("a = " + "[" * 3000 + "]" * 3000, "brackets are nested too deeply"),
]


@pytest.mark.parametrize(("text", "complaint"), FAULTS)
def test_a_fault_is_one_line_with_place_value_and_what_is_allowed(
    tmp_path: Path, text: str, complaint: str
) -> None:
    found = complaints(tmp_path, text)
    assert any(complaint in line for line in found), found


def test_a_wrong_value_of_every_kind_is_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = VALID.replace('"demo"', "3").replace("+01:00", "1").replace("seed = 3", "seed = -3")
    text += CAGE.replace("animal", "animl") + "[alerts]\nlag_s = 0\n"
    assert complaints(tmp_path, text) == [
        "line 2: rack.facility = 3: must be text in quotes",
        'line 5: rack.utc_offset = "1": must be hours and minutes in quotes, such as "+01:00"',
        "line 9: cage.camera.seed = -3: must be at least 0",
        "line 10: cage.animal: is missing; give text without control characters",
        'line 12: cage.animl = "A1": unknown key; did you mean `animal`?',
        "line 15: alerts.lag_s = 0: must be more than 0",
    ]


KEYS: Final = ["rack", "cage", "lights", "panel", "camera", "faults", "crop", "mqtt", "store", "x"]
VALUES: Final = [
    *("1", "-1e400", "nan", "true", "[]", "[[]]", "{}", "[{}]", "07:00:00", "1979-05-27"),
    *('""', '"\\u0000"', '"simulated"', '{ driver = "simulated" }', '[{ kind = "s3" }]'),
    *('{ driver = ["simulated"] }', '{ kind = "s3", s3 = 1 }', "9" * 400, "0x7fffffffffffffffffff"),
]
pairs = st.tuples(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3), st.sampled_from(VALUES))


@settings(deadline=None)
@given(st.lists(pairs, max_size=4), st.booleans())
def test_whatever_stands_in_the_file_it_is_read_or_refused_in_sentences(
    tmp_path_factory: pytest.TempPathFactory,
    statements: list[tuple[list[str], str]],
    with_rack: bool,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = "".join(f"{'.'.join(keys)} = {value}\n" for keys, value in statements)
    path = write(folder, text + (VALID if with_rack else ""))
    try:
        config = read_config(path)
    except ConfigError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - most are refused, not all
    else:
        assert config.cage[0].animal == "A1"


def test_the_second_of_two_equal_numbers_or_names_is_the_culprit(tmp_path: Path) -> None:
    panel = '[[lights.panel]]\nname = "north"\ndriver = "simulated"\n'
    other = CAGE.replace("number = 1", "number = 2")
    assert complaints(tmp_path, VALID + other + CAGE + panel + panel) == [
        "line 15: cage.number = 1: another cage has it",
        'line 22: lights.panel.name = "north": another panel has it',
    ]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('[mqtt]\nhost = "b"\npassword = "hunter2"\n', "set ETHOPROFILER_MQTT_PASSWORD"),
        ('[store]\nkind = "s3"\nbucket = "abc"\nsecret_key = "hunter2"\n', "AWS_SECRET_ACCESS_KEY"),
        (
            '[store]\nkind = "s3"\nbucket = "abc"\nendpoint = "https://me:hunter2@host"\n',
            "AWS_SECRET_ACCESS_KEY",
        ),
        ('[alerts]\napi_token = "hunter2"\n', "keep it in the environment"),
    ],
)
def test_a_secret_is_refused_with_the_way_out_and_never_shown(
    tmp_path: Path, text: str, advice: str
) -> None:
    (found,) = complaints(tmp_path, VALID + text)
    assert advice in found
    assert "do not belong in" in found
    assert "hunter2" not in found


def test_a_key_of_another_driver_is_unknown_and_the_known_ones_are_named(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, VALID.replace("seed = 3", 'url = "rtsp://me:hunter2@cam"'))
    assert found == (
        'line 9: cage.camera.url = "rtsp://***@cam": unknown key; known here are '
        "`driver`, `seed`, `fur`, `routine`, `faults`, `fault_file`, `light_file`"
    )


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, VALID.replace('"A1"', f'"{"x" * 5000}"'))
    assert found == f'line 8: cage.animal = "{"x" * 56}...: must have at most 64 characters'


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"# ok\nname = '\xff'\n", "line 2: is not UTF-8 text"), (None, "cannot be read")],
)
def test_a_file_that_is_no_text_is_one_sentence(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "rack.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        read_config(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        read_config(tmp_path / "none.toml")


def test_a_cage_is_found_by_its_number(tmp_path: Path) -> None:
    config = read(tmp_path, VALID)
    assert config.cage_numbered(1).animal == "A1"
    with pytest.raises(ConfigError, match="cage 02: not in the configuration"):
        config.cage_numbered(2)
