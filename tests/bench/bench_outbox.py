"""Measure the way from the event ledger to a real broker.

    python -m tests.bench.bench_outbox [--events 20000] [--rounds 3]

Prints events/s of emptying a full ledger through the publisher against paho alone, which sends the
same messages at QoS 1 from memory; processor time an event of both; the delay from commit to a
reader at ten events a second; and what an idle publisher takes. Needs Mosquitto.
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from appliance.config import RackConfig
from appliance.event import BoutPayload
from appliance.outbox import Event, Outbox
from appliance.publisher import Publisher
from appliance.rack_path import event_ledger
from tests.appliance.rack_factory import rack
from tests.mosquitto import Mosquitto
from tests.mqtt_reader import MqttReader, wait_until

ROOT = "ethoprofiler/test/rack-a/"
WAIT_S = 300.0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
        Mosquitto(Path(name) / "mosquitto") as broker,
    ):
        bare, ours = [], []
        for number in range(options.rounds):
            config = _config(Path(name) / str(number), broker.port)
            _fill(config, options.events)
            bare.append(_bare(config, broker.port))
            ours.append(_drain(config))
        for title, rates in (("paho alone", bare), ("the publisher", ours)):
            rate, cpu_us = max(rates)
            print(f"{title:14} {rate:7.0f} events/s, {cpu_us:5.0f} us of processor time an event")
        print(f"ratio {max(ours)[0] / max(bare)[0]:.2f}")
        _print_delay(_config(Path(name) / "delay", broker.port), broker.port)


def _config(folder: Path, port: int) -> RackConfig:
    return rack(folder, extra=f'[mqtt]\nhost = "127.0.0.1"\nport = {port}')


def _fill(config: RackConfig, events: int) -> None:
    with Outbox(event_ledger(config)) as outbox:
        for first in range(0, events, 1000):
            outbox.add([_bout(number) for number in range(first, min(first + 1000, events))])


def _bout(number: int) -> Event:
    cage = number % 10 + 1
    payload = BoutPayload(
        behavior="walk",
        start="2026-11-22T12:00:00.040Z",
        end="2026-11-22T12:00:02.240Z",
        duration_s=2.2,
        mean_confidence=0.8123,
        segment=f"{cage:02d}_20261122_120000",
        first_frame=number,
        end_segment=f"{cage:02d}_20261122_120000",
        last_frame=number + 54,
        animal=f"M-{cage}",
        strain="C57BL/6J",
    )
    return Event(
        f"cage/{cage:02d}/bout", "ethoprofiler.bout/1", time.time_ns(), 5.0, payload, False
    )


def _bare(config: RackConfig, port: int) -> tuple[float, float]:
    """Send the waiting events with paho alone and return events/s, us an event."""
    with Outbox(event_ledger(config)) as outbox:
        events = outbox.waiting(0, 1_000_000)
    left = len(events)
    all_confirmed = threading.Event()

    def confirm(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            all_confirmed.set()

    client = Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTv5)
    client.on_publish = confirm
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert connected.wait(10)
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    for event in events:
        client.publish(ROOT + event.topic, event.body, qos=1)
    assert all_confirmed.wait(WAIT_S)
    figures = _figures(len(events), began_s, began_cpu_s)
    client.disconnect()
    client.loop_stop()
    return figures


def _drain(config: RackConfig) -> tuple[float, float]:
    """Empty the ledger through the publisher and return events/s, us an event."""
    with Publisher(config, {}) as publisher:
        while not publisher.detail.connected:
            publisher.turn(0.001)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        already = publisher.detail.published
        publisher.turn(0.05)
        while not publisher.is_idle:
            publisher.turn(0.05)
        return _figures(publisher.detail.published - already, began_s, began_cpu_s)


def _figures(events: int, began_s: float, began_cpu_s: float) -> tuple[float, float]:
    rate = events / (time.monotonic() - began_s)
    return rate, (time.process_time() - began_cpu_s) / events * 1e6


def _print_delay(config: RackConfig, port: int) -> None:
    stop = threading.Event()
    cpu_s = [0.0, 0.0]

    def publish() -> None:
        with Publisher(config, {}) as publisher:
            while not stop.is_set():
                publisher.turn(0.05)
                _ = publisher.detail
                cpu_s[1] = time.thread_time()

    thread = threading.Thread(target=publish)
    thread.start()
    delays_ms = []
    with MqttReader(port, ROOT, name="delay") as reader, Outbox(event_ledger(config)) as outbox:
        wait_until(lambda: bool(reader.of("status")), "online", wait_s=WAIT_S)
        for number in range(100):
            event = _bout(number * 10)
            outbox.add([event])
            began_s = time.monotonic()
            while len(reader.of("cage/01/bout")) <= number:
                time.sleep(0.001)
            delays_ms.append((time.monotonic() - began_s) * 1e3)
            time.sleep(0.0007 * (number % 100))
        before_s, began_s = cpu_s[1], time.monotonic()
        time.sleep(10)
        idle = (cpu_s[1] - before_s) / (time.monotonic() - began_s)
    stop.set()
    thread.join()
    tenths = statistics.quantiles(delays_ms, n=20)
    print(f"commit to reader: median {tenths[9]:.0f} ms, 95 % {tenths[18]:.0f} ms")
    print(f"idle: {idle:.2%} of a core")


if __name__ == "__main__":
    main()
