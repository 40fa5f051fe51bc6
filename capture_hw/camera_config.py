"""What the configuration says about one camera."""

import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from capture_hw.simulation.behavior import Fur, Routine

FaultKind = Literal[
    "stall",
    "freeze",
    "black",
    "bright",
    "blur",
    "shift",
    "cover",
    "drop",
    "disconnect",
    "slow",
    "garbage",
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraFault(_Section):
    """A fault that a simulated camera shows on request.

    Seconds since the camera was first opened by this process.

    stall: no frames, then they go on. freeze: the same picture. black: no light. drop: every
    second frame is missing. disconnect: the device is gone and cannot be opened for the duration.
    slow: frames come 0.3 s late. garbage: pictures of noise. bright: over-exposed. blur: out of
    focus. shift: the camera was pushed aside. cover: something stands before the lens.
    """

    kind: FaultKind
    after_s: float = Field(ge=0)
    for_s: float = Field(gt=0)


class SimulatedCameraConfig(_Section):
    """A simulated cage, 25 frames/s, 704x576.

    `fault_file` lets faults begin at run time; see `capture_hw.driver.camera_fault`. `light_file`
    is written by the simulated panel behind the cage; without it the panel shines as it should.
    """

    driver: Literal["simulated"]
    seed: int = Field(default=0, ge=0)
    fur: Fur | None = None
    routine: Routine = "circadian"
    faults: tuple[CameraFault, ...] = ()
    fault_file: Path | None = None
    light_file: Path | None = None

    @cached_property
    def first_opened_ns(self) -> int:
        """The moment of CLOCK_MONOTONIC from which `faults` count: when this was first asked.

        The only thing here that nobody configured. It is kept here because a fault outlives the
        camera that it closes, and both lives have nothing but the configuration in common.
        """
        return time.monotonic_ns()


class ReplayCameraConfig(_Section):
    """A video file played at its own pace.

    `copy` passes H.264 on as it is, which needs a file without reordered frames.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    driver: Literal["replay"]
    file: Path
    loop: bool = True
    copy_h264: bool = Field(default=False, alias="copy")


class StreamCameraConfig(_Section):
    """A network camera (rtsp, http, udp) that delivers H.264, which is copied."""

    driver: Literal["stream"]
    url: str = Field(pattern=r"^(rtsp|rtsps|http|https|udp|tcp)://")
    transport: Literal["tcp", "udp"] = "tcp"


class V4l2CameraConfig(_Section):
    """A capture card's channel or a USB camera, through Video4Linux.

    Known by where it is plugged in and what it calls itself, never by `/dev/videoN`: `device` is
    the bus path and `node` counts the capture nodes on it, both as `ethoprofiler devices` shows
    them. With `card` or `serial`, any other device in its place is refused.
    """

    driver: Literal["v4l2"]
    device: str = Field(
        min_length=1, max_length=64, description="a bus path, as `ethoprofiler devices` shows it"
    )
    node: int = Field(default=0, ge=0, le=63)
    card: str | None = Field(default=None, max_length=64)
    serial: str | None = Field(default=None, max_length=128)
    input: int | str | None = None
    """Number or name; the device's present input if not given."""
    standard: Literal["PAL", "NTSC", "SECAM"] | None = None
    """Of an analog input; the device's present standard if not given."""
    pixel_format: Literal["auto", "GREY", "NV12", "YUYV", "MJPEG", "H264"] = "auto"
    width: int | None = Field(default=None, ge=16, le=8192)
    height: int | None = Field(default=None, ge=16, le=8192)
    """Nearest to 704x576 if neither is given."""
    fps: float = Field(default=25.0, gt=0, le=240)
    controls: dict[str, int] = {}
    """By the name that `ethoprofiler devices` shows, such as `gain`; set and read back."""


CameraConfig: TypeAlias = Annotated[
    SimulatedCameraConfig | ReplayCameraConfig | StreamCameraConfig | V4l2CameraConfig,
    Field(discriminator="driver"),
]
