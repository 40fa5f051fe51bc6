import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.broker_address import check_broker
from appliance.broker_link import BrokerAddress, BrokerLink, BrokerRefused
from appliance.channel import topic_root
from appliance.config import ConfigError, RackConfig
from appliance.event import AlertPayload, NotePayload
from appliance.event_sender import EventSender
from appliance.machine_state import temperatures_c
from appliance.outbox import Event, Outbox
from appliance.presence import Presence
from appliance.publisher import Publisher
from appliance.rack_path import event_ledger
from appliance.report import PublisherDetail
from tests.appliance.rack_factory import rack, write_rack
from tests.mosquitto import Mosquitto, mosquitto
from tests.mqtt_reader import MqttReader, wait_until

__all__ = ["mosquitto"]
MakeBroker = Callable[..., Mosquitto]
ROOT = "ethoprofiler/test/rack-a/"
NOON_NS = 1_795_348_800_000_000_000


def note(number: int, topic: str = "note") -> Event:
    payload = NotePayload(cage=None, author="ana", text=f"note {number}")
    return Event(topic, "ethoprofiler.note/1", NOON_NS, 5.0, payload, retained=False)


def alert(text: str | None) -> Event:
    payload = None
    if text is not None:
        payload = AlertPayload(
            kind="stalled",
            severity="critical",
            since="2026-11-22T12:00:00.000Z",
            text=text,
            acknowledged=False,
        )
    return Event("alert/cage-03-stalled", "ethoprofiler.alert/1", NOON_NS, 5.0, payload, True)


def mqtt(port: int, *lines: str) -> str:
    return "\n".join(("[mqtt]", 'host = "127.0.0.1"', f"port = {port}", *lines))


class PublisherThread:
    """A publisher that turns in a thread of its own, as the worker's loop would."""

    def __init__(self, config: RackConfig, environment: Mapping[str, str]) -> None:
        self.detail: PublisherDetail | None = None
        self._config = config
        self._environment = environment
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def says(self, reason: str) -> bool:
        return self.detail is not None and reason in self.detail.reason

    def is_connected(self) -> bool:
        return self.detail is not None and self.detail.connected

    def has_sent_all(self) -> bool:
        return self.detail is not None and self.detail.connected and self.detail.waiting == 0

    def _run(self) -> None:
        with Publisher(self._config, self._environment) as publisher:
            while not self._stop.is_set():
                publisher.turn(0.02)
                self.detail = publisher.detail
            publisher.say_offline(2.0)


def refusals(publisher: PublisherThread) -> int:
    assert publisher.detail is not None
    counted = re.search(r"\((\d+) refusals\)", publisher.detail.reason)
    assert counted is not None
    return int(counted[1])


@contextmanager
def publishing(
    config: RackConfig, environment: Mapping[str, str] | None = None
) -> Iterator[PublisherThread]:
    thread = PublisherThread(config, environment or {})
    try:
        yield thread
    finally:
        thread.stop()


@contextmanager
def publisher_process(config_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = (  # the command of the same name, without the command line
        "import pathlib, sys; from appliance.worker import run_worker; "
        "sys.exit(run_worker('publisher', pathlib.Path(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, config_path])
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def test_events_arrive_in_order_numbered_from_1_as_they_stand_in_the_ledger(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox:
            outbox.add([note(number) for number in range(300)])
            stored = [event.body for event in outbox.waiting(0, 1000)]
            with publishing(config) as publisher:
                wait_until(lambda: len(reader.of("note")) == 300, "300 events")
                outbox.add([note(300)])
                wait_until(lambda: len(reader.of("note")) == 301, "an event of now")
                wait_until(publisher.has_sent_all, "all confirmed")
            assert outbox.count_waiting() == 0
    assert [read.body for read in reader.of("note")][:300] == stored
    assert [read.fields["seq"] for read in reader.of("note")] == list(range(1, 302))
    first = reader.of("note")[0]
    assert first.qos == 1
    assert first.properties["ContentType"] == "application/json"
    assert first.properties["UserProperty"] == [("schema", "ethoprofiler.note/1")]
    assert "MessageExpiryInterval" not in first.properties
    assert publisher.detail is not None
    assert publisher.detail.published == 301
    assert publisher.detail.reason == ""


def test_a_late_reader_gets_the_state_now_and_not_what_was_cleared(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with (
            Outbox(event_ledger(config)) as outbox,
            MqttReader(broker.port, ROOT) as early,
            publishing(config),
        ):
            outbox.add([alert("first"), alert("second")])
            wait_until(lambda: len(early.of("alert/cage-03-stalled")) == 2, "two alerts")
            with MqttReader(broker.port, ROOT, name="late") as late:
                wait_until(lambda: len(late.of("status")) == 1, "the retained status")
                wait_until(lambda: len(late.of("alert/cage-03-stalled")) == 1, "the alert")
            outbox.add([alert(None)])
            wait_until(lambda: len(early.of("alert/cage-03-stalled")) == 3, "the alert's end")
            with MqttReader(broker.port, ROOT, name="later") as later:
                wait_until(lambda: len(later.of("status")) == 1, "the retained status")
    (kept,) = late.of("alert/cage-03-stalled")
    assert kept.retained
    assert kept.fields["text"] == "second"
    assert kept.fields["seq"] == 2
    end = early.of("alert/cage-03-stalled")[2]
    assert end.body == ""
    assert end.properties["UserProperty"] == [("schema", "ethoprofiler.alert/1"), ("seq", "3")]
    assert later.of("alert/cage-03-stalled") == []


def test_status_says_online_then_stopped_and_numbers_each_connection_with_two(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        for connections in (1, 2):
            with publishing(config) as publisher:
                wait_until(publisher.is_connected, "a connection")
            wait_until(lambda n=connections: len(reader.of("status")) == 2 * n, "online, offline")  # type: ignore[misc]
    said = [read.fields for read in reader.of("status")]
    assert [fields["state"] for fields in said] == ["online", "offline"] * 2
    assert [fields["reason"] for fields in said] == ["", "stopped"] * 2
    assert [fields["seq"] for fields in said] == [1, 2, 3, 4]
    assert said[0]["schema"] == "ethoprofiler.status-message/1"
    assert said[0]["software"] == "ethoprofiler 0.1.0"


def test_the_last_will_and_the_ordered_goodbye_are_one_message(tmp_path: Path) -> None:
    config = rack(tmp_path)
    with Outbox(event_ledger(config)) as outbox:
        first, second = Presence(config, outbox, 0.0), Presence(config, outbox, 0.0)
    online, will, stopped = (
        json.loads(message.body) for message in (first.online(), first.will(), first.stopped())
    )
    assert (online["seq"], will["seq"], stopped["seq"]) == (1, 2, 2)
    assert will["id"] == stopped["id"] != online["id"]
    assert (will["reason"], stopped["reason"]) == ("lost", "stopped")
    assert json.loads(second.online().body)["seq"] == 3
    assert first.will().topic == "ethoprofiler/test/rack-a/status"
    assert all(m.retained and m.qos == 1 for m in (first.will(), first.online(), first.stopped()))


def test_telemetry_comes_with_qos_0_and_expires(tmp_path: Path, mosquitto: MakeBroker) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with publishing(config):
            wait_until(lambda: bool(reader.of("telemetry/rack")), "telemetry")
    (read,) = reader.of("telemetry/rack")
    assert read.qos == 0
    assert read.properties["MessageExpiryInterval"] in (59, 60)
    assert read.fields["schema"] == "ethoprofiler.telemetry/1"
    assert 0 < read.fields["memory_available_bytes"] < read.fields["memory_total_bytes"]
    assert read.fields["waiting_events"] == 0


def test_a_broker_that_is_absent_at_the_start_gets_everything_when_it_comes(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    broker = mosquitto()
    config = rack(tmp_path, extra=mqtt(broker.port))
    with Outbox(event_ledger(config)) as outbox, publishing(config) as publisher:
        outbox.add([note(number) for number in range(50)])
        wait_until(lambda: publisher.says("Connection refused"), "a reason")
        with broker, MqttReader(broker.port, ROOT) as reader:
            wait_until(lambda: len(reader.of("note")) == 50, "all events")
            wait_until(lambda: publisher.says("") and publisher.has_sent_all(), "no reason left")
            assert reader.of("status")[0].fields["seq"] == 1
    assert reader.first_seqs("note") == list(range(1, 51))


def test_a_broker_killed_in_the_middle_loses_nothing_that_a_replay_does_not_bring_back(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox:
            outbox.add([note(n, f"cage/{n % 3:02d}/bout") for n in range(6000)])
            with publishing(config) as publisher:
                wait_until(lambda: len(reader.read) > 200, "the first events")
                broker.kill()
                before = len(reader.read)
                assert before < 6000, "killed too late to test anything"
                wait_until(lambda: not publisher.is_connected(), "the loss is noticed")
                broker.start()
                wait_until(publisher.has_sent_all, "all confirmed")
                wait_until(lambda: len(reader.of("status")) == 2, "the reader is back")
                for topic in ("cage/00/bout", "cage/01/bout", "cage/02/bout"):
                    seqs = reader.first_seqs(topic)
                    assert seqs == sorted(seqs)
                    holes = set(range(1, 2001)) - set(seqs)
                    if holes:
                        assert outbox.replay(topic, min(holes), max(holes)) >= len(holes)
                    wait_until(
                        lambda t=topic: sorted(reader.first_seqs(t)) == list(range(1, 2001)),  # type: ignore[misc]
                        "no hole left",
                    )
    assert [read.fields["seq"] for read in reader.of("status")][:2] == [1, 3], "new numbers"


def test_a_broker_restarted_in_order_loses_nothing(tmp_path: Path, mosquitto: MakeBroker) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox, publishing(config) as publisher:
            outbox.add([note(number) for number in range(6000)])
            wait_until(lambda: len(reader.read) > 200, "the first events")
            broker.stop()
            assert len(reader.read) < 6000, "stopped too late to test anything"
            broker.start()
            wait_until(lambda: len(reader.first_seqs("note")) == 6000, "all events")
            wait_until(publisher.has_sent_all, "all confirmed")
    assert reader.first_seqs("note") == list(range(1, 6001))


def test_a_replay_is_no_state(tmp_path: Path, mosquitto: MakeBroker) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox, publishing(config) as publisher:
            outbox.add([alert("first"), alert("second"), alert(None)])
            wait_until(publisher.has_sent_all, "all confirmed")
            assert outbox.replay("alert/cage-03-stalled", 1, 10) == 2
            wait_until(lambda: len(reader.of("alert/cage-03-stalled")) == 5, "the replay")
        with MqttReader(broker.port, ROOT, name="late") as late:
            wait_until(lambda: len(late.of("status")) == 1, "the retained status")
    again = reader.of("alert/cage-03-stalled")[3:]
    assert [read.body for read in again] == [
        read.body for read in reader.of("alert/cage-03-stalled")[:2]
    ]
    assert ("replay", "1") in again[0].properties["UserProperty"]
    assert late.of("alert/cage-03-stalled") == []


def test_a_killed_publisher_loses_nothing_and_its_last_will_is_told(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker, MqttReader(broker.port, ROOT) as reader:
        path = write_rack(tmp_path, extra=mqtt(broker.port))
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox:
            outbox.add([note(number) for number in range(4000)])
            with publisher_process(path) as process:
                wait_until(lambda: len(reader.of("note")) > 100, "the first events")
                process.kill()
            assert outbox.count_waiting() > 0, "killed too late to test anything"
            wait_until(lambda: len(reader.of("status")) == 2, "the last will")
            with publisher_process(path) as process:
                wait_until(lambda: outbox.count_waiting() == 0, "all confirmed")
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            wait_until(lambda: len(reader.of("status")) == 4, "online and stopped")
            wait_until(lambda: len(reader.first_seqs("note")) == 4000, "all events")
    assert reader.first_seqs("note") == list(range(1, 4001))
    said = [(read.fields["seq"], read.fields["reason"]) for read in reader.of("status")]
    assert said == [(1, ""), (2, "lost"), (3, ""), (4, "stopped")]


def test_a_wrong_password_is_a_clear_reason_and_a_right_one_is_taken_without_a_restart(
    tmp_path: Path, mosquitto: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "mosquitto"
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    with_user = mosquitto("allow_anonymous false", f"password_file {folder}/users")
    with_user.add_user("rack", "the right one")
    with with_user as broker:
        lines = ('username = "rack"', f'password_file = "{secret}"')
        config = rack(tmp_path, extra=mqtt(broker.port, *lines))
        with publishing(config) as publisher:
            wait_until(lambda: publisher.says("refuses user 'rack': Not authorized"), "a reason")
            assert publisher.detail is not None
            assert not publisher.detail.connected
            secret.unlink()
            wait_until(lambda: publisher.says("cannot be read: No such file"), "a reason")
            secret.write_text("the right one\n")
            wait_until(publisher.is_connected, "a connection")
        with pytest.raises(BrokerRefused, match="Not authorized"):
            check_broker(config, {"ETHOPROFILER_MQTT_PASSWORD": "open sesame"})
        check_broker(config, {})
    assert "sesame" not in caplog.text
    assert "right one" not in caplog.text
    assert "sesame" not in repr(BrokerAddress("host", 1883, "rack", password="open sesame"))


# paho leaves the socket of a failed handshake to the interpreter.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_tls_needs_a_certificate_that_is_trusted(tmp_path: Path, mosquitto: MakeBroker) -> None:
    with mosquitto(tls=True) as broker:
        trusting = rack(
            tmp_path / "a", extra=mqtt(broker.port, "tls = true", f'ca_file = "{broker.ca_file}"')
        )
        with publishing(trusting) as publisher:
            wait_until(publisher.is_connected, "a connection")
            with Outbox(event_ledger(trusting)) as outbox:
                outbox.add([note(number) for number in range(100)])
                wait_until(publisher.has_sent_all, "all confirmed")
        for lines, sentence in (
            (("tls = true",), "certificate"),
            ((), "closed the connection"),
            (("tls = true", f'ca_file = "{tmp_path}/none.crt"'), "none.crt: cannot be read"),
        ):
            doubting = rack(tmp_path / "b", extra=mqtt(broker.port, *lines))
            with publishing(doubting) as publisher:
                wait_until(lambda s=sentence, p=publisher: p.says(s), sentence)  # type: ignore[misc]


def test_a_refused_topic_holds_back_itself_only_and_arrives_when_it_is_allowed(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    access = tmp_path / "access"
    access.write_text(f"topic read #\ntopic write {ROOT}status\ntopic write {ROOT}cage/#\n")
    access.chmod(0o700)
    with mosquitto(f"acl_file {access}") as broker, MqttReader(broker.port, ROOT) as reader:
        config = rack(tmp_path, extra=mqtt(broker.port))
        with Outbox(event_ledger(config)) as outbox:
            for number in range(100):
                outbox.add([note(number), note(number, "cage/01/bout")])
            with publishing(config) as publisher:
                wait_until(lambda: len(reader.of("cage/01/bout")) == 100, "the other topic")
                wait_until(lambda: publisher.says(f"refuses {ROOT}note: Not authorized"), "why")
                assert outbox.count_waiting() >= 100
                assert refusals(publisher) < 60, "held back, not tried one after the other"
                access.write_text("topic readwrite #\n")
                broker.reload()
                wait_until(publisher.has_sent_all, "all confirmed")
                wait_until(lambda: publisher.says("") and len(reader.of("note")) == 100, "notes")
                assert publisher.detail is not None
                assert publisher.detail.reason == ""
    assert reader.first_seqs("note") == list(range(1, 101))
    assert reader.first_seqs("cage/01/bout") == list(range(1, 101))


def test_a_frozen_broker_is_sent_one_window_and_no_more_is_kept_in_memory(
    tmp_path: Path, mosquitto: MakeBroker
) -> None:
    with mosquitto() as broker, Outbox(tmp_path / "events.sqlite") as outbox:
        outbox.add([note(number) for number in range(2000)])
        address = BrokerAddress("127.0.0.1", broker.port, "test")
        with BrokerLink(address, will=None) as link:
            link.open()
            sender = EventSender(outbox, link, ROOT)
            broker.freeze()
            for _ in range(20):
                sender.settle(link.wait(0.001))
                sender.send()
            sender.mark()
            assert outbox.count_waiting() == 2000
            assert len(sender._in_flight) == 20
            assert len(sender._ahead) <= 100
            assert [event.seq for event in sender._in_flight.values()] == list(range(1, 21))


def test_a_rack_without_a_broker_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \[mqtt\] section"):
        Publisher(rack(tmp_path), {})
    path = write_rack(tmp_path)
    with publisher_process(path) as process:
        assert process.wait(10) == 1
    last = json.loads((tmp_path / "data/.state/log/publisher.jsonl").read_text().splitlines()[-1])
    assert last["text"].startswith("publisher: the configuration has no [mqtt] section")
    assert "trace" not in last


def test_temperatures_are_named_by_kind_and_number(tmp_path: Path) -> None:
    for number, (kind, text) in enumerate((("acpitz", "27800"), ("x86_pkg_temp", "off"))):
        zone = tmp_path / "class" / "thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(f"{kind}\n")
        (zone / "temp").write_text(f"{text}\n")
    assert temperatures_c(tmp_path) == {"acpitz-0": 27.8}


def test_the_root_of_all_topics_names_facility_and_rack() -> None:
    assert topic_root("basel", "rack-2") == "ethoprofiler/basel/rack-2/"
