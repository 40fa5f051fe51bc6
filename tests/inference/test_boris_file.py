"""Files of BORIS are read whatever kind they are, and written as BORIS does."""

import gzip
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.dataset.boris_block import block_text
from inference.dataset.boris_bout import bouts_in
from inference.dataset.boris_new_project import new_project
from inference.dataset.boris_observation import Event, Media, Observation, Status
from inference.dataset.boris_project import project_text, read_project
from inference.dataset.boris_table import read_boris_table
from inference.error import DataSetError
from tests.inference.boris_files import AGGREGATED, EVENTS, block


def _write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def _facts(observation: Observation) -> list[tuple[float, str, str, str]]:
    return [
        (event.time_s, event.subject, event.behavior, str(event.status))
        for event in observation.events
    ]


def test_a_table_with_a_header_block_is_read(tmp_path: Path) -> None:
    text = block("0.2 m1 eat START", "0.5 m1 sniff POINT", "1.0 m1 eat STOP")
    (found,) = read_boris_table(_write(tmp_path / "a.csv", text))
    assert (found.name, found.date, found.time_offset_s) == ("obs", "2021-06-15 13:39:34", 0.0)
    assert found.variables == (("dose", "high"),)
    assert found.media == (Media("1", "/films/a.mkv", 2.0, 10.0),)
    assert _facts(found) == [
        (0.2, "m1", "eat", "START"),
        (0.5, "m1", "sniff", "POINT"),
        (1.0, "m1", "eat", "STOP"),
    ]
    assert found.events[0].place == "line 18"


def test_a_table_of_events_is_read(tmp_path: Path) -> None:
    (found,) = read_boris_table(_write(tmp_path / "a.csv", EVENTS))
    assert found.media == (Media("1", "C:\\films\\a.mkv", 2.0, 10.0),)
    assert found.media[0].name == "a.mkv"
    assert found.variables == (("dose", "high"),)
    assert _facts(found) == [
        (0.2, "m1", "eat", "START"),
        (0.5, "m1", "sniff", "POINT"),
        (1.0, "m1", "eat", "STOP"),
    ]
    assert found.events[0].modifiers == ("left",)
    assert (found.events[1].comment, found.events[1].place) == ("twice, fast", "line 3")


def test_a_table_of_aggregated_events_gives_each_bout_its_start_and_stop(tmp_path: Path) -> None:
    one, two = read_boris_table(_write(tmp_path / "a.tsv", AGGREGATED))
    assert one.media == (Media("1", "a.mkv", 2.0, 10.0),)
    assert two.media == (Media("1", "b.mkv", 3.0, None),)
    assert [(status, time) for time, _, _, status in _facts(one)] == [
        ("START", 0.2),
        ("STOP", 1.0),
        ("POINT", 0.5),
    ]
    assert [bout.place for bout in bouts_in(two)] == ["line 4 (`rest` at 0 s)"]
    assert two.events[1].comment == "end"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " is empty"),
        ("a,b\n1,2\n", ": line 1 is not the header of a table exported by BORIS"),
        ("Observation id,Behavior\r\n", " has no row `Time`: not a table exported by BORIS"),
        (block("0.2 m1 eat GO"), ": line 18: `GO` is not START, STOP or POINT"),
        (block("x m1 eat START"), ": line 18: Time `x` is not a number"),
        (block("NA m1 eat START"), ": line 18 has no Time"),
        (block("nan m1 eat START"), ": line 18: Time `nan` is not a number"),
        (block("1 m1 eat START", offset="soon"), ": time offset `soon` is not a number"),
        (AGGREGATED.replace("STATE", "GO"), ": line 2: `GO` is not STATE or POINT"),
        (EVENTS.replace("Time,Media", "When,Media"), ": line 1 has no column `Time`"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    path = _write(tmp_path / "a.csv", text)
    with pytest.raises(DataSetError) as caught:
        read_boris_table(path)
    assert str(caught.value) == f"{path}{expected}"


@pytest.mark.parametrize(
    "text",
    [
        block("0.200 m1 eat START", "0.500 m1 sniff POINT", "1.000 m1 eat STOP"),
        block().replace("dose,high,,,,,,,\r\n", ""),
        block("1.125 x rest START").replace(",,,START", ',,"a ""b"", c",START'),
    ],
)
def test_a_table_with_a_header_block_is_written_byte_for_byte(tmp_path: Path, text: str) -> None:
    (found,) = read_boris_table(_write(tmp_path / "a.csv", text))
    assert block_text(found) == text


def test_the_real_tables_are_written_byte_for_byte(shared_data: Path) -> None:
    tables = sorted((shared_data / "annotations").glob("ethome_*.csv"))
    assert len(tables) == 3
    for path in tables:
        (found,) = read_boris_table(path)
        assert block_text(found).encode() == path.read_bytes()


def test_the_real_project_is_written_byte_for_byte(shared_data: Path) -> None:
    path = shared_data / "annotations" / "ethome_test-multi-behaviors.boris"
    project = read_project(path)
    assert project_text(project.document, project.text).encode() == path.read_bytes()
    (found,) = project.observations()
    assert [(b.start.behavior, b.start.time_s, b.stop.time_s) for b in bouts_in(found)] == [
        ("mm", 9.955, 11.256),
        ("mm", 26.605, 31.705),
        ("aa", 28.205, 30.63),
    ]


@pytest.mark.parametrize("layout", [{"indent": 1, "separators": (",", ":")}, {"indent": "\t"}, {}])
def test_a_project_keeps_its_layout_and_what_we_do_not_know(
    tmp_path: Path, layout: dict[str, object]
) -> None:
    document = {"zoo": [1.50, None], "observations": {}, "behaviors_conf": {}, "é": "\u2713"}
    path = _write(tmp_path / "a.boris", json.dumps(document, **layout))  # type: ignore[arg-type]
    project = read_project(path)
    assert project_text(project.document, project.text) == path.read_text(encoding="utf-8")


def test_a_compressed_project_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.boris.gz"
    path.write_bytes(gzip.compress(b'{"observations": {}}'))
    assert read_project(path).observations() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ": not a project of BORIS: it has no observations"),
        ("{", ": not a readable project of BORIS: "),
        ('{"observations": {"o": 3}}', ": `o` is not a table of names and values"),
        (
            '{"observations": {"o": {"events": [[1]]}}}',
            ": observation `o`, event 1 is not an event",
        ),
        (
            '{"observations": {"o": {"events": [[NaN, "", "a", "", ""]]}}}',
            ": observation `o`, event 1 is not an event",
        ),
        (
            '{"observations": {"o": {"time offset": "soon"}}}',
            ": observation `o` is not as BORIS writes it: ",
        ),
        (
            '{"observations": {"o": {"file": {"1": 3}}}}',
            ": observation `o` is not as BORIS writes it: ",
        ),
    ],
)
def test_a_bad_project_is_refused_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    path = _write(tmp_path / "a.boris", text)
    with pytest.raises(DataSetError) as caught:
        read_project(path).observations()
    assert str(caught.value).startswith(f"{path}{expected}")


_texts = st.text(
    st.characters(codec="utf-8", exclude_characters="|", exclude_categories=["C"]), max_size=8
)
_names = _texts.map(str.strip).filter(bool)
_times = st.integers(0, 10**7).map(lambda ms: ms / 1000)


@st.composite
def _observations(draw: st.DrawFn) -> Observation:
    """Draw one as BORIS could have made it: states in turn, events in the order of time."""
    states = draw(st.lists(_names, min_size=1, max_size=3, unique=True))
    times = sorted(draw(st.lists(_times, max_size=12, unique=True)))
    running: set[str] = set()
    events = []
    for number, time_s in enumerate(times):
        state = draw(st.sampled_from(states))
        status = Status.STOP if state in running else Status.START
        running ^= {state}
        comment = draw(_texts)
        event = Event(time_s, "m 1", state, status, f"line {number + 18}", ("a", "b"), "", comment)
        events.append(event)
    media = Media("1", draw(_names), 12.5, 29.97)
    return Observation(Path("x"), draw(_names), (media,), tuple(events), "2024-01-02 03:04:05")


@given(observation=_observations())
def test_what_is_written_is_read_again(
    observation: Observation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("boris")
    states = {event.behavior: "" for event in observation.events}
    document = new_project("p", "", [observation], states)
    project = read_project(_write(folder / "p.boris", project_text(document)))
    (from_project,) = project.observations()
    assert _facts(from_project) == _facts(observation)
    assert (from_project.name, from_project.media) == (observation.name, observation.media)
    (from_table,) = read_boris_table(_write(folder / "t.csv", block_text(observation)))
    # A table has the video's length and rate in the rows of events only.
    media = (
        observation.media
        if observation.events
        else (replace(observation.media[0], length_s=None, frames_per_second=None),)
    )
    assert replace(from_table, path=observation.path, events=()) == replace(
        observation, media=media, events=()
    )
    assert [replace(e, place="") for e in from_table.events] == [
        replace(e, place="") for e in observation.events
    ]


@given(
    table=st.sampled_from([EVENTS, AGGREGATED, block("0.2 m1 eat START", "1.0 m1 eat STOP")]),
    begin=st.integers(0, 1200),
    length=st.integers(0, 60),
    put=st.one_of(
        st.binary(max_size=9), st.sampled_from([b"\r\n", b",", b"\t", b'"', b"-1", b"NA"])
    ),
)
def test_a_damaged_table_is_read_or_refused(
    table: str, begin: int, length: int, put: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = table.encode()
    path = tmp_path_factory.getbasetemp() / "damaged.csv"
    path.write_bytes(content[:begin] + put + content[begin + length :])
    with suppress(DataSetError):
        for observation in read_boris_table(path):
            bouts_in(observation)
