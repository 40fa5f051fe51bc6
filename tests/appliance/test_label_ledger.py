"""The label ledger: each frame becomes an event once, wherever a process dies."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.activity import history
from appliance.config import CageSection, RackConfig
from appliance.label_ledger import LabelLedger
from appliance.ledger_forgetting import LedgerForgetting
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger
from appliance.segment_book import SegmentBook
from appliance.segment_start import segment_start
from capture_hw.light_setting import plan_of
from capture_hw.segment_journal import SegmentGap, read_journal
from inference.label_file import LabelRow
from tests.appliance.labelling_rack import events_in, rack_config, video_path
from tests.segment_writer import START_UTC_NS, segment_header, write_journal

EAT: Final = 1
REST: Final = 6
NONE: Final = 8


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    return rack_config(tmp_path, tmp_path / "no.onnx")


def rows_of(codes: Sequence[int], first_ms: int = 0) -> list[LabelRow]:
    return [LabelRow(n, code, first_ms + 40 * n, 0.5) for n, code in enumerate(codes)]


def open_book(
    config: RackConfig,
    ledger: LabelLedger,
    clock: str,
    start_s: float,
    gaps: Sequence[SegmentGap] = (),
    held: list[bool] | None = None,
) -> SegmentBook:
    video = video_path(config, clock)
    journal = video.with_name(f"{video.stem}.journal.part")
    if not journal.exists():
        write_journal(video, segment_header(video, start_s), gaps)
    start = segment_start(video.stem, read_journal(journal), {}, config.standard_time)
    cage: CageSection = config.cage[0]
    plan = plan_of(config.lights, config.standard_time)
    is_held = (lambda: held[0]) if held else (lambda: False)
    return SegmentBook(ledger, cage, plan, video.stem, start, journal, is_held)


def bouts_in(config: RackConfig) -> list[tuple[str, str, int, str, int]]:
    return [
        (
            bout["behavior"],
            bout["segment"][-6:],
            bout["first_frame"],
            bout["end_segment"][-6:],
            bout["last_frame"],
        )
        for bout in events_in(config, "cage/03/bout")
    ]


def now_in(config: RackConfig) -> list[tuple[str, str, int]]:
    return [
        (event["behavior"], event["segment"][-6:], event["frame"])
        for event in events_in(config, "cage/03/behavior")
    ]


def test_an_open_bout_waits_for_the_next_segment(config: RackConfig) -> None:
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        first = open_book(config, ledger, "060000", 0.0)
        first.add(rows_of([EAT] * 25 + [REST] * 25))
        first.finish()
        carried = ledger.carried(3)
        assert carried is not None
        assert carried.first.frame == 25
        second = open_book(config, ledger, "060002", 2.0)
        second.add(rows_of([REST] * 10 + [EAT] * 40))
        assert ledger.carried(3) is None
        second.finish()
    assert bouts_in(config) == [
        ("eat", "060000", 0, "060000", 24),
        ("rest", "060000", 25, "060002", 9),
    ]
    (_, bout) = events_in(config, "cage/03/bout")
    assert (bout["start"], bout["end"], bout["duration_s"]) == (
        "2026-11-18T11:06:41.000Z",
        "2026-11-18T11:06:42.400Z",
        1.4,
    )


def test_a_gap_before_the_first_frame_ends_what_was_open(config: RackConfig) -> None:
    gap = SegmentGap(from_ms=-240, to_ms=0, frames_lost=5, cause="recorder restarted")
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        first = open_book(config, ledger, "060000", 0.0)
        first.add(rows_of([EAT] * 50))
        first.finish()
        second = open_book(config, ledger, "060002", 2.2, [gap])
        second.add(rows_of([EAT] * 50))
        second.finish()
    assert bouts_in(config) == [("eat", "060000", 0, "060000", 49)]


def test_a_gap_that_is_written_while_the_segment_grows_is_seen(config: RackConfig) -> None:
    with Outbox(event_ledger(config)) as outbox:
        book = open_book(config, LabelLedger(outbox), "060000", 0.0)
        book.add(rows_of([EAT] * 11))
        journal = video_path(config, "060000").with_name("03_20261118_060000.journal.part")
        gap = SegmentGap(from_ms=400, to_ms=600, frames_lost=4, cause="camera dropped frames")
        with journal.open("ab") as file:
            file.write(f"{gap.model_dump_json()}\n".encode())
        book.add([LabelRow(11, EAT, 600, 0.5)])
    assert bouts_in(config) == [("eat", "060000", 0, "060000", 10)]


def test_a_journal_is_read_on_from_where_it_was_read_before(config: RackConfig) -> None:
    with Outbox(event_ledger(config)) as outbox:
        book = open_book(config, LabelLedger(outbox), "060000", 0.0)
        book.add(rows_of([EAT] * 11))
        journal = video_path(config, "060000").with_name("03_20261118_060000.journal.part")
        read_before = journal.stat().st_size
        gap = SegmentGap(from_ms=400, to_ms=600, frames_lost=4, cause="camera dropped frames")
        with journal.open("r+b") as file:
            file.write(b"?" * (read_before - 1))
            file.seek(read_before)
            file.write(f"{gap.model_dump_json()}\n".encode())
        book.add([LabelRow(11, EAT, 600, 0.5)])
    assert bouts_in(config) == [("eat", "060000", 0, "060000", 10)]


def test_a_segment_that_was_overtaken_tells_its_bouts_and_not_what_is_now(
    config: RackConfig,
) -> None:
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        open_book(config, ledger, "060000", 0.0).add(rows_of([EAT] * 11))
        newer = open_book(config, ledger, "060007", 7.0)
        newer.add(rows_of([REST] * 11))
        late = open_book(config, ledger, "060000", 0.0)
        late.add(rows_of([EAT] * 11 + [REST] * 11))
        late.finish()
        newer.add(rows_of([REST] * 11 + [EAT] * 11))
        newer.finish()
    assert bouts_in(config) == [
        ("eat", "060000", 0, "060000", 10),
        ("rest", "060000", 11, "060000", 21),
        ("rest", "060007", 0, "060007", 10),
    ]
    assert now_in(config) == [("eat", "060000", 0), ("rest", "060007", 0), ("eat", "060007", 11)]


def test_events_of_a_newer_segment_can_wait_for_an_older_one(config: RackConfig) -> None:
    held = [True]
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        newer = open_book(config, ledger, "060002", 2.0, held=held)
        newer.add(rows_of([EAT] * 11))
        newer.add(rows_of([EAT] * 11 + [REST] * 11)[11:])
        assert events_in(config) == []
        older = open_book(config, ledger, "060000", 0.0)
        older.add(rows_of([EAT] * 50))
        older.finish()
        held[0] = False
        newer.add([])
    assert bouts_in(config) == [("eat", "060000", 0, "060002", 10)]


def tell(config: RackConfig, codes: Sequence[int], restarts: Sequence[int], seed: int) -> None:
    """Feed two segments; at each restart the file has some rows behind, or lacks some before."""
    moments = random.Random(seed)
    half = len(codes) // 2
    places = sorted(restarts)
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        for clock, start_s, part in (
            ("060000", 0.0, codes[:half]),
            ("060002", 0.04 * half, codes[half:]),
        ):
            rows = rows_of(part)
            for place in [*places, len(rows)]:
                book = open_book(config, ledger, clock, start_s)
                written = max(0, min(len(rows), place + moments.randint(-20, 20)))
                for first in range(0, written, 11):
                    book.add(rows[first : min(first + 11, written)])
            book.add(rows)
            book.finish()
            book.finish()


def contents(config: RackConfig) -> list[dict[str, Any]]:
    return events_in(config)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    codes=st.lists(
        st.tuples(st.sampled_from([EAT, REST, NONE]), st.integers(1, 40)), min_size=2, max_size=8
    ),
    restarts=st.lists(st.integers(0, 60), max_size=4),
    seed=st.integers(0, 1000),
)
def test_restarts_anywhere_lose_no_event_and_double_none(
    tmp_path_factory: pytest.TempPathFactory,
    codes: list[tuple[int, int]],
    restarts: list[int],
    seed: int,
) -> None:
    stream = [code for code, count in codes for _ in range(count)]
    found = []
    for places in ([], restarts):
        config = rack_config(tmp_path_factory.mktemp("rack"), Path("no.onnx"))
        tell(config, stream, places, seed)
        minutes = history(event_ledger(config), [3], 1.0, 60, START_UTC_NS + 1_800_000_000_000)
        found.append((contents(config), minutes))
    assert found[0] == found[1]


def test_history_shows_the_most_frequent_code_of_each_bin(config: RackConfig) -> None:
    minute_ns = 60_000_000_000
    with Outbox(event_ledger(config)) as outbox:
        book = open_book(config, LabelLedger(outbox), "060000", 0.0)  # begins at 40 s of a minute
        book.add(rows_of([EAT] * 500 + [REST] * 700 + [EAT] * 1299 + [NONE] * 1500))
        book.finish()
    now_ns = START_UTC_NS // minute_ns * minute_ns + 4 * minute_ns
    shown = history(event_ledger(config), [3, 7], 5 / 60, 5, now_ns)
    assert (shown.bin_s, shown.from_utc_ns) == (60.0, now_ns - 5 * minute_ns)
    assert [(cage.cage, cage.codes) for cage in shown.cages] == [
        (3, (None, EAT, EAT, NONE, NONE)),
        (7, (None, None, None, None, None)),
    ]


def test_history_of_a_rack_that_never_ran_is_empty(config: RackConfig) -> None:
    shown = history(event_ledger(config), [3], 1.0, 2, START_UTC_NS)
    assert [cage.codes for cage in shown.cages] == [(None, None)]


@pytest.mark.parametrize(("is_published", "left"), [(True, 1), (False, 0)])
def test_old_events_are_forgotten_and_wait_only_for_a_broker(
    config: RackConfig, is_published: bool, left: int
) -> None:
    month_ns = 30 * 86_400_000_000_000
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        book = open_book(config, ledger, "060000", 0.0)
        book.add(rows_of([EAT] * 11 + [REST] * 11))
        (first, *others) = outbox.waiting(0, 10)
        outbox.mark_published([event.row for event in others], START_UTC_NS)
        now_ns = START_UTC_NS + month_ns
        assert not ledger.forget_old(now_ns, is_published=is_published)
        now_ns += 1_000_000_000
        assert ledger.forget_old(now_ns, is_published=is_published)
        assert not ledger.forget_old(now_ns, is_published=is_published)
        assert [event.row for event in outbox.waiting(0, 10)] == [first.row] * left
        assert len(events_in(config)) == left


def test_a_ledger_that_cannot_forget_is_tried_again_after_an_hour_and_said_once(
    config: RackConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with Outbox(event_ledger(config)) as outbox:
        ledger = LabelLedger(outbox)
        outbox.connection.execute("ALTER TABLE label_segment RENAME TO elsewhere")
        forgetting = LedgerForgetting(ledger, is_published=True)
        for now_s in (0.0, 3599.0, 3600.0):
            forgetting.turn(now_s, START_UTC_NS)
        outbox.connection.execute("ALTER TABLE elsewhere RENAME TO label_segment")
        open_book(config, ledger, "060000", 0.0).finish()
        old_ns = START_UTC_NS + 61 * 86_400_000_000_000
        for now_s in (7199.0, 7200.0):
            before = outbox.connection.execute("SELECT count(*) FROM label_segment").fetchone()
            forgetting.turn(now_s, old_ns)
        after = outbox.connection.execute("SELECT count(*) FROM label_segment").fetchone()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert (before, after) == ((1,), (0,))
