"""Pictures that come as JPEG."""

from typing import Final

import av

from capture_hw.driver.limited_luma import limited_luma
from capture_hw.driver.video_file import reason_of
from capture_hw.error import PictureDamaged
from capture_hw.v4l2.picture import Picture

_START_OF_IMAGE: Final = b"\xff\xd8"
_END_OF_IMAGE: Final = b"\xff\xd9"
"""Source: ITU-T T.81, table B.1; within coded data 0xFF is followed by 0 or a restart marker."""


class JpegPictures:
    """Decodes JPEG, without guessing at what is damaged. One thread at a time.

    Padding behind a picture is allowed, a picture without its end is not.
    """

    def __init__(self, width: int, height: int) -> None:
        """Width and height are what the driver says of its pictures."""
        self._size: Final = width, height
        decoder = av.CodecContext.create("mjpeg", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.thread_count = 1
        decoder.options = {"err_detect": "explode"}
        self._decoder: Final = decoder

    def read(self, content: memoryview, *, is_key: bool) -> Picture | None:  # noqa: ARG002
        """Return the buffer's luma."""
        coded = bytes(content)
        end = coded.rfind(_END_OF_IMAGE)
        if not coded.startswith(_START_OF_IMAGE) or end < 0:
            raise PictureDamaged(f"{len(coded)} bytes that are no whole JPEG")
        try:
            frames = self._decoder.decode(av.Packet(coded[: end + len(_END_OF_IMAGE)]))
        except av.FFmpegError as error:
            raise PictureDamaged(f"a JPEG that cannot be decoded: {reason_of(error)}") from error
        if len(frames) != 1 or frames[0].is_corrupt:
            raise PictureDamaged("a JPEG that cannot be decoded")
        size = frames[0].width, frames[0].height
        if size != self._size:
            raise PictureDamaged("a JPEG of {}x{}, not {}x{}".format(*size, *self._size))
        return Picture(limited_luma(frames[0]), is_key=True)
