"""Trying a hardware encoder in a process of its own, where a driver may hang or crash.

`python -m capture_hw.encoder_trial NAME` encodes pictures at a camera's pace for a second. It ends
with 0 if they came back as segments need them; if not, a sentence on standard error says why.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

import numpy as np

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_setting import setting_of
from capture_hw.error import EncoderError
from capture_hw.picture_encoder import MOST_WAITING, PictureEncoder

_FORMAT: Final = CameraFormat("luma", 704, 576, 25.0)
_PICTURES: Final = 24
_KEY_AT: Final = 6
_SETTLED: Final = 12
"""From this picture on none may come back late."""
_KILL_S: Final = 0.2
_READ_S: Final = 0.2
_LONGEST_S: Final = 60
"""Of a trial that nobody ends, because who began it has ended."""
_LONGEST_REASON: Final = 200


class EncoderTrial:
    """A trial that has begun; ask for its `fault` once."""

    def __init__(self, name: EncoderName, program: Sequence[str] = ()) -> None:
        """Begin; `program` is what runs instead of this module. Raises OSError."""
        self.name: Final = name
        command = program or (sys.executable, "-m", "capture_hw.encoder_trial", name)
        self._process: Final = subprocess.Popen(  # noqa: S603  our own module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    @property
    def is_over(self) -> bool:
        """Whether it has answered."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Have it no longer; safe to call at any time."""
        self._process.kill()
        if self._process.stderr is not None:
            self._process.stderr.close()
        with suppress(subprocess.TimeoutExpired):  # a hanging driver may keep it for ever
            self._process.wait(_KILL_S)

    def fault(self, until_s: float) -> str | None:
        """Wait until a moment of `time.monotonic` at most; return why it failed, None if not."""
        longest_s = _READ_S if self.is_over else max(0.0, until_s - time.monotonic())
        try:
            _, told = self._process.communicate(timeout=longest_s)
        except subprocess.TimeoutExpired:
            self.end()
            return "does not answer in time"
        if self._process.returncode == 0:
            return None
        last = told.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return last[:_LONGEST_REASON] or f"ended with code {self._process.returncode}"


def encode_test_pictures(name: EncoderName) -> None:
    """Encode pictures of noise; raises EncoderError if they do not come back as they should.

    Takes a second.
    """
    encoder = PictureEncoder(_FORMAT, setting_of(EncoderConfig(name)))
    random = np.random.default_rng(1)
    units = []
    began_s = time.monotonic()
    for number in range(_PICTURES):
        time.sleep(max(0.0, began_s + number / _FORMAT.fps - time.monotonic()))
        noise = random.integers(100, 130, (_FORMAT.height, _FORMAT.width), dtype=np.uint8)
        frame = CapturedFrame(number * 40_000_000, number, noise, is_key=True)
        units += encoder.encode(frame, force_key=number == _KEY_AT)
        if number >= _SETTLED and len(encoder.waiting) > MOST_WAITING:
            raise EncoderError(f"{name}: holds back {len(encoder.waiting)} pictures")
    units += encoder.flush()
    if [unit.sequence for unit in units] != list(range(_PICTURES)):
        raise EncoderError(f"{name}: gave {len(units)} of {_PICTURES} pictures back")
    if not (units[0].is_key and units[_KEY_AT].is_key):
        raise EncoderError(f"{name}: makes no key frame where it is told to")


def main() -> None:
    """Try the encoder that the command line names."""
    signal.alarm(_LONGEST_S)
    try:
        encode_test_pictures(cast(EncoderName, sys.argv[1]))
    except EncoderError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
