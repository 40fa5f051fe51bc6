"""What the configuration says about encoding pictures."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

EncoderName: TypeAlias = Literal["auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_v4l2m2m"]


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """How pictures become H.264."""

    encoder: EncoderName = "auto"
    crf: int = 28
    max_kbit_s: int = 1500
