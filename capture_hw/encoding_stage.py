"""The way of a frame from the camera into the chain: pictures are encoded on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.error import EncoderError
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_journal import GapCause


class EncodingStage:
    """One encoder as long as its camera is open, over all segments. One thread at a time."""

    def __init__(self, chain: SegmentChain, choice: EncoderChoice) -> None:
        self.is_encoding = False
        """Whether the encoder is at work now, and not the disk; for any thread."""
        self.cause_of_failure: GapCause = "camera lost"
        """Why frames are missing after an EncoderError."""
        self._chain: Final = chain
        self._choice: Final = choice
        self._format: CameraFormat | None = None
        """None if the camera that was opened last can give nothing more that is of use."""
        self._encoder: PictureEncoder | None = None
        """None for a camera whose access units are copied."""
        self._dropped: Final[dict[int, int]] = {}
        """Frames lost before one that is in the encoder, by the moment of its capture."""

    def open_camera(self, camera_format: CameraFormat, *, counts_frames: bool) -> None:
        """Note that frames of another camera follow; the segment before must be closed.

        Raises EncoderError if there is no encoder.
        """
        is_copied = camera_format.codec == "h264"
        self.cause_of_failure = "camera lost" if is_copied else "encoder failed"
        self._encoder = self._format = self._chain.encoder = None
        self._dropped.clear()
        self._chain.open_camera(camera_format, counts_frames=counts_frames)
        if not is_copied:
            with self._at_encoder():
                self._choice.begin()
                self._go_on_with(self._opened(camera_format))
        self._format = camera_format

    def write(self, frame: CapturedFrame, dropped: int) -> int:
        """Encode a picture if it is one, write what comes of it; return the bytes written.

        `dropped` frames were lost on the way before it. What comes after `flush` or after the last
        encoder has failed is lost too. Raises StorageError, EncoderError.
        """
        if self._format is None:
            return 0
        size = self._write(self._changed_over(self._format))
        if dropped:
            self._dropped[frame.captured_ns] = dropped
        encoder = self._encoder
        return size + self._write([frame] if encoder is None else self._encoded(encoder, frame))

    def flush(self) -> None:
        """Write what the encoder holds back; nothing more is taken of this camera.

        Raises StorageError, EncoderError.
        """
        try:
            if self._encoder is not None:
                self._write(self._flushed(self._encoder))
        finally:
            self._encoder = self._format = None

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

    def _changed_over(self, camera_format: CameraFormat) -> list[CapturedFrame]:
        """Take an encoder whose trial has just ended well; return what waited in the one before."""
        if self._encoder is None or not self._choice.is_changed():
            return []
        with self._at_encoder():
            try:
                better = PictureEncoder(camera_format, self._choice.setting())
                return self._go_on_with(better, self._encoder.waiting)
            except EncoderError as error:
                self._choice.give_up(str(error))
                return []

    def _encoded(self, encoder: PictureEncoder, frame: CapturedFrame) -> list[CapturedFrame]:
        force_key = self._chain.asks_for_key(frame.captured_ns)
        with self._at_encoder():
            try:
                return encoder.encode(frame, force_key=force_key)
            except EncoderError as error:
                return self._encoded_anew(encoder, error)

    def _flushed(self, encoder: PictureEncoder) -> list[CapturedFrame]:
        with self._at_encoder():
            try:
                return encoder.flush()
            except EncoderError as error:
                units = self._encoded_anew(encoder, error)
                return units + (self._encoder.flush() if self._encoder else [])

    @contextmanager
    def _at_encoder(self) -> Iterator[None]:
        self.is_encoding = True
        try:
            yield
        finally:
            self.is_encoding = False

    def _encoded_anew(self, encoder: PictureEncoder, error: EncoderError) -> list[CapturedFrame]:
        """Encode what a failed encoder still held with the next one; raises EncoderError."""
        camera_format, self._encoder, self._format = self._format, None, None
        if camera_format is None or not self._choice.give_up(str(error)):
            raise error
        successor = PictureEncoder(camera_format, self._choice.setting())
        units = self._go_on_with(successor, encoder.waiting)
        self._format = camera_format
        return units

    def _go_on_with(
        self, successor: PictureEncoder, waiting: Sequence[CapturedFrame] = ()
    ) -> list[CapturedFrame]:
        """Have another encoder from now on, with which the chain begins a segment."""
        units = [unit for frame in waiting for unit in successor.encode(frame)]
        self._encoder = successor
        self._chain.encoder = successor.description
        return units
