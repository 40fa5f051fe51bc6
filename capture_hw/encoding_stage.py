"""The way of a frame from the camera into the chain: pictures are encoded on it."""

from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.error import EncoderError
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.segment_chain import SegmentChain


class EncodingStage:
    """One encoder as long as its camera is open, over all segments. One thread at a time."""

    def __init__(self, chain: SegmentChain, choice: EncoderChoice) -> None:
        self._chain: Final = chain
        self._choice: Final = choice
        self._format: CameraFormat | None = None
        self._encoder: PictureEncoder | None = None
        """None for a camera whose access units are copied."""
        self._dropped: Final[dict[int, int]] = {}
        """Frames lost before one that is in the encoder, by the moment of its capture."""

    def open_camera(self, camera_format: CameraFormat, *, counts_frames: bool) -> None:
        """Note that frames of another camera follow; the segment before must be closed.

        May take 2 s the first time. Raises EncoderError if there is no encoder.
        """
        self._encoder = None
        self._format = camera_format
        self._dropped.clear()
        self._chain.open_camera(camera_format, counts_frames=counts_frames)
        if camera_format.codec == "luma":
            self._encoder = self._opened(camera_format)
        self._chain.encoder = self._encoder.description if self._encoder else None

    def write(self, frame: CapturedFrame, dropped: int) -> int:
        """Encode a picture if it is one, write what comes of it; return the bytes written.

        `dropped` frames were lost on the way before it. Raises StorageError, EncoderError.
        """
        if dropped:
            self._dropped[frame.captured_ns] = dropped
        encoder = self._encoder
        return self._write([frame] if encoder is None else self._encoded(encoder, frame))

    def flush(self) -> None:
        """Write what the encoder holds back; it takes no more pictures of this camera.

        Raises StorageError, EncoderError.
        """
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            self._write(encoder.flush())

    def _write(self, units: list[CapturedFrame]) -> int:
        return sum(
            self._chain.write(unit, self._dropped.pop(unit.captured_ns, 0)) for unit in units
        )

    def _opened(self, camera_format: CameraFormat) -> PictureEncoder:
        """Open what was chosen; hardware may be able to serve only some recorders at a time."""
        try:
            return PictureEncoder(camera_format, self._choice.setting())
        except EncoderError as error:
            if not self._choice.give_up(str(error)):
                raise
        return PictureEncoder(camera_format, self._choice.setting())

    def _encoded(self, encoder: PictureEncoder, frame: CapturedFrame) -> list[CapturedFrame]:
        force_key = self._chain.asks_for_key(frame.captured_ns)
        try:
            return encoder.encode(frame, force_key=force_key)
        except EncoderError as error:
            return self._encoded_anew(encoder, error)

    def _encoded_anew(self, encoder: PictureEncoder, error: EncoderError) -> list[CapturedFrame]:
        """Encode what a failed encoder still held with the next one; the chain begins a segment."""
        if self._format is None or not self._choice.give_up(str(error)):
            raise error
        successor = PictureEncoder(self._format, self._choice.setting())
        units = [unit for frame in encoder.waiting for unit in successor.encode(frame)]
        self._encoder = successor
        self._chain.encoder = successor.description
        return units
