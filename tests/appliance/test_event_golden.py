import json
import runpy
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.channel import CHANNELS, Channel
from appliance.event import (
    AlertPayload,
    BehaviorPayload,
    BoutPayload,
    LightsPayload,
    NotePayload,
    OverridePayload,
    Payload,
    PicturePayload,
    RecordingPayload,
    StatusPayload,
    SyncPayload,
    TelemetryPayload,
    rfc3339,
)
from appliance.message import Envelope, envelope_at, message_text, uuid7

GOLDEN: Final = Path(__file__).parent / "golden"
REPOSITORY: Final = Path(__file__).parents[2]
ID: Final = "019aab12-3456-789a-8bcd-ef0123456789"
NOON_NS: Final = 1_795_348_800_040_000_000
PAYLOADS: Final[dict[str, Payload]] = {
    "status-message": StatusPayload(
        state="online", reason="", software="ethoprofiler 0.1.0", up_s=12.5
    ),
    "behavior": BehaviorPayload(
        behavior="groom",
        since="2026-11-22T12:00:00.040Z",
        confidence=0.9312,
        segment="03_20261122_120000",
        frame=11,
    ),
    "bout": BoutPayload(
        behavior="rest",
        start="2026-11-22T11:58:20.000Z",
        end="2026-11-22T12:00:00.040Z",
        duration_s=100.04,
        mean_confidence=0.8123,
        segment="03_20261122_060000",
        first_frame=537_500,
        end_segment="03_20261122_120000",
        last_frame=0,
        animal="M-1041",
        strain="C57BL/6J",
    ),
    "recording": RecordingPayload(
        state="stalled",
        reason="cage 03: no frame for 2.0 s",
        fps=0.0,
        frames=540_000,
        gaps=1,
        segment="03_20261122_120000",
    ),
    "lights": LightsPayload(
        cause="override",
        phase="light",
        white_scheduled=60,
        white_commanded=80,
        ir_commanded=100,
        white_measured=79,
        ir_measured=None,
        next_change="2026-11-22T18:00:00.000Z",
        override=OverridePayload(
            white_percent=80,
            until="2026-11-22T12:15:00.000Z",
            author="Zoë",
            reason="cage change",
        ),
        reason="",
    ),
    "alert": AlertPayload(
        kind="stalled",
        severity="critical",
        since="2026-11-22T12:00:00.040Z",
        text="cage 03: no frame for 2.0 s",
        acknowledged=False,
    ),
    "note": NotePayload(cage="03", author="Zoë", text="bedding changed; 21.4 °C"),
    "sync": SyncPayload(
        waiting_files=3,
        waiting_bytes=1_240_000_000,
        last_verified="2026-11-22T11:59:00.000Z",
        bytes_per_s=1_250_000.0,
        estimate_s=992.0,
        reachable=True,
    ),
    "telemetry": TelemetryPayload(
        load_1min=0.61,
        memory_available_bytes=20_000_000_000,
        memory_total_bytes=25_000_000_000,
        temperatures_c={"x86_pkg_temp-0": 47.0},
        disk_free_bytes=1_500_000_000_000,
        disk_total_bytes=2_000_000_000_000,
        waiting_events=0,
    ),
    "picture": PicturePayload(
        segment="03_20261122_120000",
        age_s=1.4,
        mean_luma=87.2,
        bright_part=0.0031,
        dark_part=0.2044,
        sharpness=0.1746,
        change=1.713,
        novelty=0.984,
        shift_px=0.0,
        likeness=0.943,
        focus=0.52,
        most_bright=0.4,
        longest_shift_px=7.0,
        least_likeness=0.6385,
        least_focus=0.7553,
        faults=("unfocused",),
    ),
}


def name_of(channel: Channel) -> str:
    return channel.schema.removeprefix("ethoprofiler.").partition("/")[0]


@pytest.mark.parametrize("channel", CHANNELS, ids=name_of)
def test_a_message_is_byte_for_byte_what_readers_rely_on(channel: Channel) -> None:
    payload = PAYLOADS[name_of(channel)]
    assert type(payload) is channel.payload
    envelope = Envelope(schema=channel.schema, id=ID, seq=417, time=rfc3339(NOON_NS), zt_h=5.0)
    golden = (GOLDEN / f"{name_of(channel)}.json").read_text(encoding="utf-8")
    assert message_text(envelope, payload) + "\n" == golden


def test_every_golden_message_has_a_channel() -> None:
    messages = [path for path in GOLDEN.glob("*.json") if '"seq":' in path.read_text()]
    names = {path.stem for path in messages}
    assert names == {name_of(channel) for channel in CHANNELS}


def test_the_published_asyncapi_document_is_that_of_the_code() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "write_asyncapi.py"))
    published = (REPOSITORY / "docs" / "schemas" / "asyncapi.json").read_text(encoding="utf-8")
    assert script["document"]() == published, "run scripts/write_asyncapi.py"


def test_the_document_describes_every_field_of_every_golden_message() -> None:
    path = REPOSITORY / "docs" / "schemas" / "asyncapi.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    assert len(document["channels"]) == len(CHANNELS) == 10
    for name, schema in document["components"]["schemas"].items():
        fields = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
        assert list(fields) == list(schema["properties"])
        assert sorted(fields) == sorted(schema["required"])
        assert fields["schema"] == schema["properties"]["schema"]["const"]


def test_a_moment_is_written_with_milliseconds_in_utc() -> None:
    assert rfc3339(NOON_NS) == "2026-11-22T12:00:00.040Z"
    assert rfc3339(NOON_NS + 999_999) == "2026-11-22T12:00:00.040Z"


@given(st.sampled_from([1, 2, 22.5, 23, 24, 25, 72]), st.integers(1, 4_000_000_000_000))
def test_zeitgeber_time_is_below_the_cycle_as_it_is_written(cycle_h: float, left_ns: int) -> None:
    zt_ns = max(0, round(cycle_h * 3_600_000_000_000) - left_ns)
    written = envelope_at("ethoprofiler.note/1", 1, NOON_NS, zt_ns / 3_600_000_000_000).zt_h
    assert 0 <= written < cycle_h
    assert written == zt_ns // 360_000_000 / 10_000


def test_an_id_is_the_example_of_rfc_9562(monkeypatch: pytest.MonkeyPatch) -> None:
    random = 0xCC3 << 68 | 0x18C4DC0C0C07398F
    monkeypatch.setattr("os.urandom", lambda count: random.to_bytes(count, "big"))
    monkeypatch.setattr("time.time_ns", lambda: 1_645_557_742_000_000_000)
    assert uuid7() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_differ_within_a_millisecond() -> None:
    assert len({uuid7() for _ in range(1000)}) == 1000
