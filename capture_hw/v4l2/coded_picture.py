"""Pictures that the device has encoded as H.264 itself."""

from typing import Final

from capture_hw.driver.annexb import ParameterSets, first_slice
from capture_hw.error import DeviceLost, PictureDamaged
from capture_hw.v4l2.picture import Picture

_STARTS: Final = (b"\x00\x00\x01", b"\x00\x00\x00\x01")
_FORBIDDEN_BIT: Final = 0x80
_SLICE_TYPES: Final = range(10)
_B_SLICES: Final = (1, 6)


class CodedPictures:
    """Checks access units and completes key frames; decodes nothing. One thread at a time.

    Source: Linux media documentation, V4L2_PIX_FMT_H264: a buffer holds one access unit in Annex B
    form. An encoder may give its parameter sets a buffer of their own.
    """

    def __init__(self) -> None:
        self._sets: Final = ParameterSets()
        self._parameters: tuple[bytes, ...] = ()

    def read(self, content: memoryview, *, is_key: bool) -> Picture | None:
        """Return the buffer's access unit; also raises DeviceLost if it cannot be recorded.

        That is if frames are reordered, or if the picture's size or profile has changed.
        """
        coded = bytes(content)
        if not coded.startswith(_STARTS):
            raise PictureDamaged(f"{len(coded)} bytes that do not begin like H.264")
        slice_type = _slice_type(first_slice(coded))
        unit = self._sets.complete(coded, flagged=is_key)
        if slice_type is None:
            return None
        if slice_type in _B_SLICES:
            raise DeviceLost("reorders its frames; switch B-frames off (control video_b_frames)")
        if unit is None:
            raise PictureDamaged("a key frame, and its parameter sets have not come yet")
        if unit.is_key:
            self._check_unchanged()
        return Picture(unit.content, unit.is_key)

    def _check_unchanged(self) -> None:
        if self._parameters and self._parameters != self._sets.sequence:
            raise DeviceLost("has changed its picture format")
        self._parameters = self._sets.sequence


def _slice_type(unit: bytes) -> int | None:
    """Return the type of an access unit's first slice, None if it has none.

    Raises PictureDamaged unless that is where a picture begins.
    Source: ITU-T H.264, 7.3.1 and 7.3.3: the unit's header, then first_mb_in_slice and slice_type
    as Exp-Golomb numbers (9.1). The picture's first macroblock has number 0, which is one bit.
    """
    if not unit:
        return None
    if len(unit) < 3 or unit[0] & _FORBIDDEN_BIT or not unit[1] & 0x80:
        raise PictureDamaged("an access unit that does not begin with its picture's start")
    bits = int.from_bytes(unit[1:3], "big") << 1 & 0xFFFF
    zeros = 16 - bits.bit_length()
    if zeros > 3 or (slice_type := (bits >> (15 - 2 * zeros)) - 1) not in _SLICE_TYPES:
        raise PictureDamaged("an access unit of no known kind")
    return slice_type
