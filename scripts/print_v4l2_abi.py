"""Print what a C compiler and the kernel's headers say about Video4Linux.

    python scripts/print_v4l2_abi.py > tests/capture_hw/golden/v4l2_abi.txt

Sizes of structures, offsets of their fields, numbers of requests and constants, one a line. Names
come from `capture_hw.v4l2`, numbers from the compiler only.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from capture_hw.v4l2 import abi, description, number, request

STRUCTURES: Final[dict[str, type[Any]]] = {
    "v4l2_fract": abi.Fraction,
    "v4l2_pix_format": abi.PixelFormat,
    "v4l2_plane_pix_format": abi.PlaneFormat,
    "v4l2_pix_format_mplane": abi.MultiplanarFormat,
    "v4l2_format": abi.Format,
    "v4l2_rect": abi.Rectangle,
    "v4l2_selection": abi.Selection,
    "v4l2_captureparm": abi.CaptureParameters,
    "v4l2_streamparm": abi.StreamParameters,
    "v4l2_requestbuffers": abi.BufferRequest,
    "timeval": abi.TimeValue,
    "timespec": abi.TimeSpecification,
    "v4l2_timecode": abi.TimeCode,
    "v4l2_plane": abi.Plane,
    "v4l2_buffer": abi.Buffer,
    "v4l2_ext_control": abi.ControlValue,
    "v4l2_ext_controls": abi.ControlValues,
    "v4l2_event_src_change": abi.SourceChange,
    "v4l2_event": abi.Event,
    "v4l2_event_subscription": abi.EventSubscription,
    "v4l2_capability": description.Capability,
    "v4l2_input": description.InputDescription,
    "v4l2_standard": description.StandardDescription,
    "v4l2_fmtdesc": description.FormatDescription,
    "v4l2_frmsize_discrete": description.DiscreteSize,
    "v4l2_frmsize_stepwise": description.StepwiseSize,
    "v4l2_frmsizeenum": description.SizeDescription,
    "v4l2_frmival_stepwise": description.StepwiseInterval,
    "v4l2_frmivalenum": description.IntervalDescription,
    "v4l2_query_ext_ctrl": description.ControlDescription,
    "v4l2_querymenu": description.MenuItem,
}
ENUMERATIONS: Final = {
    "V4L2_CAP_": number.Cap,
    "V4L2_BUF_TYPE_": number.BufferType,
    "V4L2_FIELD_": number.Field,
    "V4L2_BUF_FLAG_": number.BufferFlag,
    "V4L2_FMT_FLAG_": number.FormatFlag,
    "V4L2_FRMSIZE_TYPE_": number.SizeKind,
    "V4L2_FRMIVAL_TYPE_": number.SizeKind,
    "V4L2_INPUT_TYPE_": number.InputKind,
    "V4L2_IN_ST_": number.InputStatus,
    "V4L2_STD_": number.Standard,
    "V4L2_CTRL_TYPE_": number.ControlKind,
    "V4L2_CTRL_FLAG_": number.ControlFlag,
    "V4L2_CID_": number.ControlId,
    "V4L2_EVENT_": number.EventKind,
    "V4L2_SEL_TGT_": number.SelectionTarget,
}
CONSTANTS: Final = {
    "VIDEO_MAX_PLANES": abi.MAX_PLANES,
    "V4L2_MEMORY_MMAP": number.MEMORY_MMAP,
    "V4L2_CAP_TIMEPERFRAME": number.CAP_TIMEPERFRAME,
    "V4L2_STD_525_60": number.STD_525_60,
    "V4L2_STD_625_50": number.STD_625_50,
    "V4L2_IN_CAP_STD": number.IN_CAP_STD,
    "V4L2_CTRL_ID_MASK": number.CTRL_ID_MASK,
    "V4L2_CTRL_WHICH_CUR_VAL": number.CTRL_WHICH_CUR_VAL,
    "V4L2_EVENT_SRC_CH_RESOLUTION": number.SRC_CH_RESOLUTION,
}
PIXEL_FORMATS: Final = {
    "GREY": "GREY",
    "YUYV": "YUYV",
    "NV12": "NV12",
    "MJPEG": "MJPG",
    "JPEG": "JPEG",
    "H264": "H264",
}
_UNNAMED: Final = {"size", "interval", "item", "content", "digits", "request_fd"}
"""Fields that have another name, or none, in C; their neighbors prove their place."""
_HEADERS: Final = "".join(
    f"#include <{name}>\n"
    for name in ("stddef.h", "stdio.h", "sys/time.h", "sys/ioctl.h", "linux/videodev2.h")
)


def expressions() -> list[str]:
    """Return everything that is asked, as C writes it."""
    asked = []
    for name, structure in STRUCTURES.items():
        asked.append(f"sizeof(struct {name})")
        named = [field for field, *_ in structure._fields_ if field not in _UNNAMED]
        asked += [f"offsetof(struct {name}, {field})" for field in named]
        asked += [f"sizeof(((struct {name} *)0)->{field})" for field in named]
    asked += [what.name for what in vars(request).values() if isinstance(what, request.Request)]
    for prefix, kind in ENUMERATIONS.items():
        asked += [f"{prefix}{name}" for name in kind.__members__]
    return [*asked, *CONSTANTS, *(f"V4L2_PIX_FMT_{name}" for name in PIXEL_FORMATS)]


def table() -> str:
    """Compile and run a program that prints every expression with its value."""
    rows = "".join(f'    printf("%s %u\\n", "{it}", (unsigned)({it}));\n' for it in expressions())
    program = f"{_HEADERS}int main(void) {{\n{rows}    return 0;\n}}\n"
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "abi.c"), Path(folder, "abi")
        source.write_text(program)
        subprocess.run(["gcc", "-o", binary, source], check=True, timeout=60)  # noqa: S603, S607
        done = subprocess.run([binary], check=True, timeout=10, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return done.stdout


if __name__ == "__main__":
    print(table(), end="")
