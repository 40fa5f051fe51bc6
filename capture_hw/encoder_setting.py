"""What each encoder is told: no reordered pictures, no delay, a quality and a ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from capture_hw.encoder_config import EncoderConfig

SOFTWARE: Final = "libx264"
_BUFFER_S: Final = 2
"""Seconds over which the ceiling holds: a key frame and what follows it."""
_Options: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class EncoderSetting:
    """One encoder, ready to be opened."""

    codec: str
    """FFmpeg's name."""
    options: Mapping[str, str]
    pixel_format: Literal["yuv420p", "nv12"]
    device_kind: str | None
    """Of a device to which pictures are copied first, as FFmpeg calls it."""
    description: str
    """For people and the manifest."""


def setting_of(config: EncoderConfig) -> EncoderSetting:
    """Return the setting of a named encoder; `auto` means the one that opens everywhere."""
    crf, most = config.crf, config.max_kbit_s
    ceiling = {"maxrate": f"{most}k", "bufsize": f"{_BUFFER_S * most}k"}
    match config.encoder:
        case "h264_nvenc":
            options, how = _nvenc(crf) | ceiling, f"p4 cq {crf} max {most} kbit/s"
            return EncoderSetting("h264_nvenc", options, "yuv420p", None, f"h264_nvenc {how}")
        case "h264_vaapi":
            options, how = _vaapi(crf, most) | ceiling, f"quality {crf} max {most} kbit/s"
            return EncoderSetting("h264_vaapi", options, "nv12", "vaapi", f"h264_vaapi {how}")
        case "h264_v4l2m2m":
            # Stateful V4L2 encoders have a rate and no quality that FFmpeg could set.
            how = f"{most} kbit/s"
            return EncoderSetting(
                "h264_v4l2m2m", {"b": f"{most}k"}, "nv12", None, f"h264_v4l2m2m {how}"
            )
        case "libx264" | "auto":
            options, how = _x264(crf) | ceiling, f"superfast crf {crf} max {most} kbit/s"
            return EncoderSetting(SOFTWARE, options, "yuv420p", None, f"{SOFTWARE} {how}")


def _x264(crf: int) -> _Options:
    """Source: measured at 704x576; noise multiplies the rate by 8 without a ceiling."""
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "crf": str(crf),
        "forced-idr": "1",
        # Key frames come when they are due: before a still cage, x264 took noise for a new scene
        # every ten frames, which was four times the rate. Source: measured.
        "sc_threshold": "0",
    }


def _nvenc(crf: int) -> _Options:
    """Its `cq` has the scale of a quantizer like x264's `crf`. Source: ffmpeg -h encoder."""
    return {
        "preset": "p4",
        "tune": "ull",
        "rc": "vbr",
        "cq": str(crf),
        "b": "0",
        "zerolatency": "1",
        "delay": "0",
        "rc-lookahead": "0",
        "no-scenecut": "1",
        "forced-idr": "1",
    }


def _vaapi(crf: int, most_kbit_s: int) -> _Options:
    """Quality-defined variable rate: the one mode with both. Its I pictures are IDR by request."""
    return {
        "rc_mode": "QVBR",
        "global_quality": str(crf),
        "b": f"{most_kbit_s}k",
        "async_depth": "1",
        "idr_interval": "0",
    }
