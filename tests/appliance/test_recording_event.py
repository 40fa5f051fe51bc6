"""What a cage's recording does is told when it changes, not while it lasts."""

from datetime import UTC, time

from appliance.event import RecordingPayload
from appliance.recording_event import RecordingEvents
from capture_hw.light_config import LightConfig
from capture_hw.light_setting import plan_of
from tests.appliance.rack_factory import cage_status, rack_status, recorder_detail


def told(*stalled: tuple[float, str]) -> list[str]:
    """Return the reasons that are told of reasons at moments, seconds."""
    events = RecordingEvents({1: plan_of(LightConfig(), UTC)})
    reasons = []
    for now_s, reason in stalled:
        recorder = recorder_detail(state="stalled", reason=reason)
        status = rack_status(0, cages=(cage_status(1, recorder=recorder),))
        for event in events.take(status, now_s):
            assert isinstance(event.payload, RecordingPayload)
            reasons.append(event.payload.reason)
    return reasons


def test_a_camera_that_stays_silent_is_told_of_once() -> None:
    silence = [(float(s), f"cage 01: no frame for {s}.{s % 10} s") for s in range(2, 120)]
    assert told(*silence) == ["cage 01: no frame for 2.2 s"]


def test_another_reason_is_news() -> None:
    first, second = "cage 01: no frame for 2.0 s", "cage 01: black for 2.0 s"
    assert told((0.0, first), (5.0, second), (10.0, first)) == [first, second, first]


def test_each_cage_is_told_of_in_its_own_zeitgeber_time() -> None:
    plans = {
        1: plan_of(LightConfig(lights_on=time(0)), UTC),
        2: plan_of(LightConfig(lights_on=time(18)), UTC),
    }
    cages = tuple(cage_status(number, recorder=recorder_detail()) for number in plans)
    found = RecordingEvents(plans).take(
        rack_status(0, time_utc_ns=7 * 3600 * 10**9, cages=cages), 0.0
    )
    assert [(event.topic, event.zt_h) for event in found] == [
        *(("cage/01/recording", 7.0), ("cage/02/recording", 13.0))
    ]
