"""Alerts about light: how bad they are, and whose Zeitgeber time they count."""

import json
from pathlib import Path

from appliance.alarm import Alarm
from appliance.alert import Finding
from appliance.alert_rule import severity_of
from appliance.ledger_writer import LedgerWriter
from appliance.outbox import Outbox
from appliance.panel_comparison import REASONS
from appliance.rack_path import event_ledger
from tests.appliance.rack_factory import rack, rack_status


def test_an_alert_counts_zt_by_the_light_of_its_cage_or_panel(tmp_path: Path) -> None:
    """ZT of the panels: the rack's 5.1, an hour more each in the order of their names."""
    names = ("left", "left-unseen", "right")
    panels = "".join(f'[[lights.panel]]\nname = "{name}"\ndriver = "simulated"\n' for name in names)
    changes = "".join(
        f'[[lights.change]]\nat = 2026-11-01\npanels = ["{name}"]\nlights_on = 0{6 - n}:00:00\n'
        for n, name in enumerate(names)
    )
    config = rack(tmp_path, 2, extra=panels + changes)
    behind = config.cage[1].model_copy(update={"panel": "right"})
    config = config.model_copy(update={"cage": (config.cage[0], behind)})
    ledger = LedgerWriter(event_ledger(config))
    alarm = Alarm(config, ledger, ledger.start())
    ids = (
        *("cage-01-stalled", "cage-02-stalled", "cage-03-stalled", "clock"),
        *("panel-left", "panel-left-unseen", "panel-left-unseen-unseen", "panel-right-unseen"),
    )
    alarm.judge(rack_status(2), [Finding(one, "kind", "warning", "text") for one in ids], 100.0)
    ledger.close(5)
    with Outbox(event_ledger(config)) as outbox:
        waiting = {event.topic[6:]: json.loads(event.body) for event in outbox.waiting(0, 20)}
    zt_h = {one: round(waiting[one]["zt_h"] - 5.1111) for one in ids}
    assert list(zt_h.values()) == [0, 3, 0, 0, 1, 2, 2, 3]


def test_a_panel_that_gives_the_right_light_all_the_same_is_a_warning() -> None:
    said = {
        reason: severity_of(f"panel left: {reason}")
        for reason in REASONS
        if reason != "an override ended with its restart"
    }
    right = [reason for reason, severity in said.items() if severity == "warning"]
    assert right == list(said)[-len(right) :]
    assert right[0] == "it was started again (watchdog)"
