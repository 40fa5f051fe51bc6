"""Pictures through the encoder into segments: every one, once, decodable, at every cut."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av

from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.numbered_picture import NumberedLine, journal_of, numbered, numbers
from tests.capture_hw.scripted_camera import LUMA, plan, times_ms


def _kinds(video: Path) -> Iterator[bool]:
    with av.open(str(video)) as container:
        yield from (packet.is_keyframe for packet in container.demux(video=0) if packet.size)


def test_ten_cuts_lose_no_picture_double_none_and_each_segment_begins_with_a_key_frame(
    tmp_path: Path,
) -> None:
    line = NumberedLine(tmp_path)
    line.feed(range(2600))
    videos = line.end()
    assert [len(times_ms(video)) for video in videos] == [*[250] * 10, 100]
    assert [number for video in videos for number in numbers(video)] == list(range(2600))
    assert all(next(_kinds(video)) for video in videos)
    assert [journal_of(video).gaps for video in videos] == [()] * 11
    assert {sum(_kinds(video)) for video in videos[:10]} == {5}


def test_all_segments_of_an_encoder_have_the_same_parameter_sets(tmp_path: Path) -> None:
    line = NumberedLine(tmp_path)
    line.feed(range(600))
    headers = set()
    for video in line.end():
        with av.open(str(video)) as container:
            headers.add(container.streams.video[0].codec_context.extradata)
    assert len(headers) == 1


def test_after_a_broken_segment_the_next_frame_begins_a_new_one(tmp_path: Path) -> None:
    line = NumberedLine(tmp_path)
    line.feed(range(20))
    line.chain.break_off("storage refused")
    line.feed(range(20, 40))
    line.chain.close("storage refused")
    line.feed(range(40, 60))
    first, second, third = line.end()
    assert numbers(first)[-1] in {18, 19}
    assert numbers(second) == list(range(20, 40))
    assert numbers(third) == list(range(40, 60))


def test_another_folder_takes_the_very_next_frame_and_nothing_is_lost(tmp_path: Path) -> None:
    main, spool = tmp_path / "main", tmp_path / "spool"
    for folder in (main, spool):
        folder.mkdir()
    line = NumberedLine(main)
    line.feed(range(20))
    line.chain.write_to(spool)
    line.feed(range(20, 30))
    line.chain.write_to(main)
    line.feed(range(30, 40))
    first, last = line.end()
    (spooled,) = spool.glob("*/*.mkv")
    assert [numbers(video) for video in (first, spooled, last)] == [
        list(range(20)),
        list(range(20, 30)),
        list(range(30, 40)),
    ]
    assert [journal_of(video).gaps for video in (first, spooled, last)] == [(), (), ()]


def test_a_change_of_mind_about_the_folder_cuts_nothing(tmp_path: Path) -> None:
    line = NumberedLine(tmp_path)
    line.feed(range(20))
    line.chain.write_to(tmp_path / "spool")
    line.chain.write_to(tmp_path)
    line.feed(range(20, 40))
    (video,) = line.end()
    assert numbers(video) == list(range(40))


def test_the_header_says_what_the_camera_and_the_encoder_are(tmp_path: Path) -> None:
    fed = FedChain(
        replace(plan(tmp_path), camera="simulated seed 7"),
        Clock(),
        camera=replace(LUMA, source="v4l2 Picolo input 2 PAL"),
    )
    fed.feed([numbered(0)])
    fed.chain.close()
    fed.stage.open_camera(LUMA, counts_frames=True)
    fed.feed([numbered(100)])
    fed.chain.close()
    assert fed.chain.join(10)
    headers = [read_journal(path).header for path in sorted(tmp_path.glob("*/*.journal.part"))]
    assert [header.camera for header in headers] == ["v4l2 Picolo input 2 PAL", "simulated seed 7"]
    assert {header.encoder for header in headers} == {"libx264 superfast crf 28 max 1500 kbit/s"}
