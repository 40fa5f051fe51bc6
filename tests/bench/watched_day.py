"""Simulated cages before the picture watch for a day, each with one reference: false alarms.

A cage is learnt once, in the first minute of its first hour, an hour before lights on. Then a day
goes by, light and dark, in which the mouse sleeps, wakes and pushes the bedding about. What the
watch gets are the key frames of a recorder's encoder with two pictures behind each.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

import av
import numpy as np

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.picture_measure import Luma
from capture_hw.picture_watch import FROZEN_NOVELTY, PictureWatch
from capture_hw.reference import Reference, learn
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH

KEY_FRAMES: Final = 2 * FPS
_BEHIND: Final = 2
_LEARNT: Final = 30
_DAY_H: Final = 24
_LIGHT_H: Final = 12
_HOUR: Final = 3600 * FPS
_LEARNT_ZT_H: Final = 23.0


class Hour(NamedTuple):
    """What one hour of one cage showed."""

    cage: int
    zt_h: int
    """Zeitgeber time at its start."""
    looks: int
    asleep: int
    """Looks at which the mouse rests."""
    alarms: Counter[str]
    """Looks at which a fault stood raised, by fault."""
    least_novelty: float


def watch_days(cages: int, hours: int) -> list[Hour]:
    """Watch so many hours of each cage's day, spread over it, with one reference for all."""
    zt_hours = [_DAY_H * number // hours for number in range(hours)]
    with ProcessPoolExecutor() as pool:
        references = list(pool.map(_learnt, range(cages)))
        asked = [(cage, zt_h) for cage in range(cages) for zt_h in zt_hours]
        return list(
            pool.map(
                watch_hour,
                [cage for cage, _ in asked],
                [zt_h for _, zt_h in asked],
                [references[cage] for cage, _ in asked],
            )
        )


def watch_hour(
    cage: int, zt_h: int, reference: Reference, looks: int = _HOUR // KEY_FRAMES
) -> Hour:
    """Watch so many looks from one hour of a cage's day on."""
    simulated = _cage(cage)
    first = (1 + zt_h) * _HOUR
    frames = range(first, first + looks * KEY_FRAMES, KEY_FRAMES)
    watch, alarms, novelty = PictureWatch(), Counter[str](), [1.0]
    for frame, luma in zip(frames, _decoded(key_units(simulated, frames)), strict=True):
        look = watch.take(luma, frame * 1_000_000_000 // FPS, reference)
        alarms.update(raised.fault for raised in watch.faults)
        if look.novelty:
            novelty.append(look.novelty.novelty)
    asleep = sum(simulated.behavior(frame) == "rest" for frame in frames)
    return Hour(cage, zt_h, looks, asleep, alarms, min(novelty))


def false_alarms(hours: Sequence[Hour]) -> list[str]:
    """Return one sentence for each hour with an alarm; nothing is wrong in any of them."""
    return [
        f"cage {hour.cage}, hour from ZT {hour.zt_h}: false alarms {dict(hour.alarms)}"
        for hour in hours
        if hour.alarms.total()
    ]


def day_table(hours: Sequence[Hour]) -> str:
    """Return a table in Markdown with a row for each phase."""
    novelty = f"least novelty (limit {FROZEN_NOVELTY})"
    rows = [
        f"| phase | hours, cages | looks | asleep | false alarms | {novelty} |",
        "|---|---|---|---|---|---|",
    ]
    for name, is_light in (("light", True), ("dark", False)):
        found = [hour for hour in hours if (hour.zt_h < _LIGHT_H) == is_light]
        if found:
            rows.append(_row(name, found))
    return "\n".join(rows)


def key_units(cage: SimulatedCage, frames: range) -> Iterator[bytes]:
    """Yield the key frames of a recording that shows little between them."""
    camera = CameraFormat(codec="luma", width=WIDTH, height=HEIGHT, fps=FPS)
    encoder = PictureEncoder(camera, setting_of(EncoderConfig(encoder="libx264")))
    for first in frames:
        for number in range(first, first + 1 + _BEHIND):
            captured_ns = number * 1_000_000_000 // FPS
            frame = CapturedFrame(captured_ns, number, cage.picture(number), is_key=True)
            for unit in encoder.encode(frame, force_key=number == first):
                assert isinstance(unit.content, bytes)
                if unit.is_key:
                    yield unit.content


def _row(phase: str, hours: Sequence[Hour]) -> str:
    looks = sum(hour.looks for hour in hours)
    asleep = sum(hour.asleep for hour in hours) / looks
    alarms = sum((hour.alarms for hour in hours), Counter[str]()).total()
    novelty = min(hour.least_novelty for hour in hours)
    cages = len({hour.cage for hour in hours})
    return (
        f"| {phase} | {len(hours)}, {cages} | {looks:,} | {asleep:.0%} | {alarms} | {novelty:.2f} |"
    )


def _learnt(cage: int) -> Reference:
    frames = range(0, _LEARNT * KEY_FRAMES, KEY_FRAMES)
    return learn(list(_decoded(key_units(_cage(cage), frames))))


def _cage(number: int) -> SimulatedCage:
    return SimulatedCage(number, day=day_from(_LEARNT_ZT_H))


def _decoded(units: Iterator[bytes]) -> Iterator[Luma]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for unit in units:
        frames = decoder.decode(av.Packet(unit)) + decoder.decode(None)
        decoder.flush_buffers()
        plane = frames[-1].planes[0]
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        yield samples.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH].copy()
