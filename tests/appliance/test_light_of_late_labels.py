"""What is labelled after the light plan was edited counts ZT by the plan of its recording."""

from pathlib import Path
from threading import Event

import pytest

from appliance import cage_labeller
from appliance.cage_labeller import CageLabeller
from appliance.config import read_config
from appliance.label_ledger import LabelLedger
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger, segment_folder
from appliance.segment_labelling import LabellingPlan
from appliance.segment_manifest import read_manifest
from appliance.segment_search import SegmentSearch
from inference.classifier import Classifier
from inference.judge import Judge
from tests.appliance.labelling_rack import (
    LIMIT_S,
    changing_pictures,
    events_in,
    is_labelled,
    video_path,
    wait_until,
    write_config,
)
from tests.segment_writer import segment_header, write_journal, write_segment


def test_bouts_and_manifest_agree_after_an_edit(
    tmp_path: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last bout, too, which ends only when no other segment comes."""
    monkeypatch.setattr(cage_labeller, "_IDLE_S", 0.2)
    edited = write_config(tmp_path, model_path, "[lights]\nlights_on = 19:00:00\n")
    config = read_config(edited)
    video = video_path(config, "060000")
    write_segment(video, changing_pictures(100))
    write_journal(video, segment_header(video))  # lights on at 07:00, 12:06:40 now
    stop = Event()
    with Outbox(event_ledger(config)) as outbox, Judge(Classifier(model_path, "cpu"), 1) as judge:
        plan = LabellingPlan(config, config.cage[0], judge, LabelLedger(outbox))
        labeller = CageLabeller(plan, stop)
        search = SegmentSearch(segment_folder(config, 3), 3)
        labeller.set_pending(search.unlabelled(0.0))
        labeller.start()
        wait_until(lambda: is_labelled([video]))
        wait_until(lambda: plan.ledger.carried(3) is not None)
        labeller.set_pending(())
        wait_until(lambda: plan.ledger.carried(3) is None)
        stop.set()
        labeller.join(LIMIT_S)
    phases = read_manifest(video.with_suffix(".json")).light_phases or []
    bouts = events_in(config, "cage/03/bout")
    assert len(bouts) > 1
    assert [phase.zt_h for phase in phases] == [5.1111]
    assert {round(bout["zt_h"], 2) for bout in bouts} == {5.11}
