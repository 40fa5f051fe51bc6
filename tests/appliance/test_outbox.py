import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.event import AlertPayload, NotePayload
from appliance.outbox import Event, Outbox
from disk.damaged_ledger import LedgerReplaced

NOON_NS = 1_795_348_800_000_000_000
DAY_NS = 86_400_000_000_000


def note(text: str, topic: str = "note", *, retained: bool = False) -> Event:
    payload = NotePayload(cage="03", author="ana", text=text)
    return Event(topic, "ethoprofiler.note/1", NOON_NS, 5.0, payload, retained)


CLEARED = Event("alert/x", "ethoprofiler.alert/1", NOON_NS, 5.0, None, retained=True)


def seqs(outbox: Outbox) -> list[tuple[str, int]]:
    return [(event.topic, event.seq) for event in outbox.waiting(0, 10_000)]


def publish_all(outbox: Outbox, utc_ns: int) -> None:
    outbox.mark_published([event.row for event in outbox.waiting(0, 10_000)], utc_ns)


def test_each_topic_counts_from_1_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note("a"), note("b", "cage/03/bout"), note("c")])
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note("d", "cage/03/bout"), note("e")])
        assert seqs(outbox) == [
            ("note", 1),
            ("cage/03/bout", 1),
            ("note", 2),
            ("cage/03/bout", 2),
            ("note", 3),
        ]


def test_an_event_is_stored_as_it_is_sent(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note("Käfig trocken")])
        (event,) = outbox.waiting(0, 10)
    fields = json.loads(event.body)
    assert fields.pop("id")[14] == "7"
    assert fields == {
        "schema": "ethoprofiler.note/1",
        "seq": 1,
        "time": "2026-11-22T12:00:00.000Z",
        "zt_h": 5.0,
        "cage": "03",
        "author": "ana",
        "text": "Käfig trocken",
    }
    assert (event.topic, event.schema, event.retained) == ("note", "ethoprofiler.note/1", False)


def test_a_step_that_fails_leaves_neither_event_nor_number(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        with pytest.raises(ZeroDivisionError):
            _fail_after(outbox, note("never"))
        outbox.add([note("first")])
        assert seqs(outbox) == [("note", 1)]


def _fail_after(outbox: Outbox, event: Event) -> None:
    with outbox.step():
        outbox.append(event)
        raise ZeroDivisionError


def test_a_value_that_json_does_not_know_is_refused(tmp_path: Path) -> None:
    payload = AlertPayload(
        kind="disk", severity="info", since="2026-11-22T12:00:00.000Z", text="", acknowledged=False
    )
    event = Event("alert/x", "ethoprofiler.alert/1", NOON_NS, float("nan"), payload, True)
    with Outbox(tmp_path / "events.sqlite") as outbox, pytest.raises(ValueError, match="zt_h"):
        outbox.add([event])


def test_waiting_comes_in_portions_without_what_is_published(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note(str(number)) for number in range(6)])
        outbox.mark_published([1, 4], NOON_NS)
        assert [event.row for event in outbox.waiting(0, 2)] == [2, 3]
        assert [event.row for event in outbox.waiting(3, 2)] == [5, 6]
        assert outbox.count_waiting() == 4


def test_changed_says_when_somebody_else_has_written(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with Outbox(path) as reader, Outbox(path) as writer:
        reader.changed()
        assert not reader.changed()
        writer.add([note("a")])
        assert reader.changed()
        assert not reader.changed()
        publish_all(reader, NOON_NS)
        assert not reader.changed()


def test_a_replay_queues_the_same_messages_again_behind_what_waits(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note(text, retained=True) for text in "abcd"])
        first = outbox.waiting(0, 10)
        publish_all(outbox, NOON_NS)
        outbox.add([note("new")])
        assert outbox.replay("note", 2, 3) == 2
        new, *again = outbox.waiting(0, 10)
    assert new.seq == 5
    assert [event.body for event in again] == [event.body for event in first[1:3]]
    assert all(event.replayed and not event.retained for event in again)
    assert not new.replayed


def test_a_replay_leaves_out_what_still_waits_what_was_emptied_and_what_never_was(
    tmp_path: Path,
) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note("a", "alert/x"), CLEARED])
        publish_all(outbox, NOON_NS)
        outbox.add([note("b", "alert/x")])
        assert outbox.replay("alert/x", -5, 10**15) == 1
        assert outbox.replay("alert/y", 1, 10) == 0
        assert outbox.replay("alert/x", 3, 2) == 0
        publish_all(outbox, NOON_NS)
        assert outbox.replay("alert/x", 1, 10) == 2, "a replay is not replayed"


def test_a_long_replay_keeps_the_order(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note(str(number)) for number in range(2500)])
        publish_all(outbox, NOON_NS)
        assert outbox.replay("note", 10, 2400) == 2391
        assert [event.seq for event in outbox.waiting(0, 10_000)] == list(range(10, 2401))


def test_pruning_forgets_what_was_published_long_ago_and_never_what_waits(tmp_path: Path) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note(str(number)) for number in range(1504)])
        outbox.mark_published(range(1, 1501), NOON_NS)
        outbox.mark_published([1502], NOON_NS + DAY_NS)
        assert outbox.prune(NOON_NS + 1) == 1000
        assert outbox.prune(NOON_NS + 1) == 500
        assert outbox.prune(NOON_NS + 1) == 0
        assert [event.seq for event in outbox.waiting(0, 10)] == [1501, 1503, 1504]
        assert outbox.replay("note", 1, 2000) == 1
        outbox.add([note("next")])
        assert outbox.waiting(0, 10)[-1].seq == 1505


def test_events_that_nobody_publishes_are_forgotten_by_their_age_in_bounded_steps(
    tmp_path: Path,
) -> None:
    young = replace(note("young"), time_utc_ns=NOON_NS + DAY_NS)
    with Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([young, *(note(str(number)) for number in range(1200)), young])
        outbox.mark_published([2], NOON_NS)
        assert outbox.prune_unpublished(NOON_NS + 1) == 1000
        assert outbox.prune_unpublished(NOON_NS + 1) == 199
        assert outbox.prune_unpublished(NOON_NS + 1) == 0
        assert [event.seq for event in outbox.waiting(0, 10)] == [1, 1202]
        assert outbox.replay("note", 1, 2000) == 1


def test_the_publisher_still_reads_waiting_events_in_the_order_of_the_ledger(
    tmp_path: Path,
) -> None:
    with Outbox(tmp_path / "events.sqlite") as outbox:
        plan = outbox.connection.execute(
            "EXPLAIN QUERY PLAN SELECT row FROM event "
            "WHERE published_utc_ns IS NULL AND row > 5 ORDER BY row LIMIT 20"
        ).fetchall()
    assert not any("TEMP B-TREE" in step[3] for step in plan)


def test_a_ledger_that_was_set_aside_meanwhile_takes_no_event(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with Outbox(path) as outbox:
        path.rename(tmp_path / "aside")
        with Outbox(path) as new:
            with pytest.raises(LedgerReplaced):
                outbox.add([note("lost")])
            with pytest.raises(LedgerReplaced):
                outbox.changed()
            new.add([note("first")])
            assert seqs(new) == [("note", 1)]


def test_damage_that_ends_the_use_of_a_ledger_makes_room_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    with Outbox(path) as outbox:
        outbox.add([note("x" * 1000) for _ in range(100)])
    content = path.read_bytes()
    path.write_bytes(content[:32_768] + bytes(len(content) - 32_768))
    with pytest.raises(sqlite3.DatabaseError, match="malformed"), Outbox(path) as outbox:
        outbox.waiting(0, 10_000)
    assert len(list(tmp_path.glob("events.sqlite.damaged-*"))) == 1
    with Outbox(path) as outbox:
        outbox.add([note("first again")])
        assert seqs(outbox) == [("note", 1)]


WRITER = """
import sys
from pathlib import Path
from tests.appliance.test_outbox import note
from appliance.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
for number in range(100_000):
    outbox.add([note(str(number)), note(str(number), "cage/03/bout")])
    print(number + 1, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_whole_steps_without_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    command = [sys.executable, "-c", WRITER, os.fspath(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        done = [int(writer.stdout.readline()) for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
    with Outbox(path) as outbox:
        stored = seqs(outbox)
    notes = [seq for topic, seq in stored if topic == "note"]
    bouts = [seq for topic, seq in stored if topic == "cage/03/bout"]
    assert notes == bouts == list(range(1, len(notes) + 1))
    assert len(notes) >= done[-1] == 50


def test_several_processes_write_without_losing_a_number(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    program = WRITER.replace("100_000", "100")
    writers = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with Outbox(path) as outbox:
        assert [seq for topic, seq in seqs(outbox) if topic == "note"] == list(range(1, 301))
