"""Pictures as they will be in a recording: encoded as key frames, decoded again."""

from collections.abc import Sequence
from dataclasses import replace

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_look import Decoder
from capture_hw.encoder_setting import EncoderSetting
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.picture_measure import Luma


def as_recorded(
    pictures: Sequence[Luma], camera_format: CameraFormat, setting: EncoderSetting
) -> list[Luma]:
    """Return luma pictures of one camera as a recording would hold them. Raises EncoderError."""
    encoder = PictureEncoder(replace(camera_format, codec="luma"), setting)
    decoder = Decoder()
    interval_ns = round(1e9 / camera_format.fps)
    units = [
        unit
        for number, picture in enumerate(pictures)
        for unit in encoder.encode(
            CapturedFrame(number * interval_ns, number, picture, is_key=True), force_key=True
        )
    ]
    return [seen.luma for unit in [*units, *encoder.flush()] for seen in decoder.seen(unit)]
