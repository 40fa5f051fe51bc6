"""When a worker that ended is started again."""

from appliance.restart_policy import RestartPolicy


def test_the_first_end_costs_nothing_and_then_pauses_grow_to_half_a_minute() -> None:
    policy = RestartPolicy()
    pauses = [policy.delay_s(0.1) for _ in range(10)]
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_three_seconds_in_order_make_good_for_everything() -> None:
    policy = RestartPolicy()
    pauses = [policy.delay_s(up_s) for up_s in (1.0, 1.0, 1.0, 3.0, 2.9, 2.9)]
    assert pauses == [0.0, 0.5, 1.0, 0.0, 0.5, 1.0]


def test_years_of_failing_stay_at_the_cap() -> None:
    policy = RestartPolicy()
    for _ in range(100_000):
        pause_s = policy.delay_s(0.0)
    assert pause_s == 30.0
