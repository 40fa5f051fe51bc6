"""What a scripted device answers to each request; of buffers and events: `v4l2_queue`.

Source of what is refused and how: the kernel's "Video for Linux API", the page of each request.
"""

import errno
from fractions import Fraction
from typing import Any, Final

from capture_hw.v4l2.number import (
    CAP_TIMEPERFRAME,
    CTRL_ID_MASK,
    IN_CAP_STD,
    Cap,
    ControlFlag,
    ControlKind,
    SizeKind,
    fourcc,
)
from tests.capture_hw.v4l2_device import ScriptedControl, ScriptedDevice, fit
from tests.capture_hw.v4l2_queue import QUEUE_ANSWERS, Answer, pick, queue_of, refuse

_VERSION: Final = 6 << 16 | 1 << 8


def _querycap(device: ScriptedDevice, answer: Any, _: int) -> None:
    answer.driver = device.driver.encode()
    answer.card = device.card.encode()
    answer.bus_info = device.bus_info.encode()
    answer.version = _VERSION
    # The whole device has a capture and a metadata node, as UVC cameras have.
    others = Cap.VIDEO_CAPTURE | Cap.META_CAPTURE | Cap.DEVICE_CAPS
    answer.capabilities = device.abilities | others
    answer.device_caps = device.abilities


def _enuminput(device: ScriptedDevice, answer: Any, _: int) -> None:
    it = pick(device.inputs, answer.index)
    answer.name = it.name.encode()
    answer.type = it.kind
    answer.std = it.standards
    answer.status = it.status if answer.index == device.input else 0
    answer.capabilities = IN_CAP_STD if it.standards else 0


def _g_input(device: ScriptedDevice, answer: Any, _: int) -> None:
    if not device.inputs:
        raise refuse(errno.ENOTTY)
    answer.value = device.input


def _s_input(device: ScriptedDevice, asked: Any, _: int) -> None:
    pick(device.inputs, asked.value)
    if device.buffers and asked.value != device.input:
        raise refuse(errno.EBUSY)
    device.input = asked.value


def _standards(device: ScriptedDevice) -> int:
    """The present input's; 0 for a digital one."""
    return device.inputs[device.input].standards if device.inputs else 0


def _enumstd(device: ScriptedDevice, answer: Any, _: int) -> None:
    allowed = _standards(device)
    if not allowed:
        raise refuse(errno.ENODATA)
    offered = [it for it in device.standards if it[1] & allowed]
    name, answer.id, fps, answer.framelines = pick(offered, answer.index)
    answer.name = name.encode()
    answer.frameperiod.numerator, answer.frameperiod.denominator = fps.denominator, fps.numerator


def _g_std(device: ScriptedDevice, answer: Any, _: int) -> None:
    if not _standards(device):
        raise refuse(errno.ENODATA)
    answer.value = device.standard


def _querystd(device: ScriptedDevice, answer: Any, _: int) -> None:
    _g_std(device, answer, _)
    if device.detected_standard is not None:
        answer.value = device.detected_standard


def _g_selection(device: ScriptedDevice, answer: Any, _: int) -> None:
    if answer.target not in device.rectangles:
        raise refuse(errno.EINVAL if device.rectangles else errno.ENOTTY)
    answer.r.left, answer.r.top, answer.r.width, answer.r.height = device.rectangles[answer.target]


def _s_selection(device: ScriptedDevice, asked: Any, _: int) -> None:
    if asked.target not in device.rectangles:
        raise refuse(errno.EINVAL if device.rectangles else errno.ENOTTY)
    it = asked.r
    device.rectangles[asked.target] = it.left, it.top, it.width, it.height


def _s_std(device: ScriptedDevice, asked: Any, _: int) -> None:
    if not _standards(device):
        raise refuse(errno.ENODATA)
    if not asked.value & _standards(device):
        raise refuse(errno.EINVAL)
    if device.buffers and asked.value != device.standard:
        raise refuse(errno.EBUSY)
    device.standard = asked.value


def _enum_fmt(device: ScriptedDevice, answer: Any, _: int) -> None:
    queue_of(device, answer.type)
    it = pick(device.formats, answer.index)
    answer.pixelformat = fourcc(it.code)
    answer.description = f"{it.code} pictures".encode()
    answer.flags = it.flags


def _enum_framesizes(device: ScriptedDevice, answer: Any, _: int) -> None:
    it = next((it for it in device.formats if fourcc(it.code) == answer.pixel_format), None)
    if it is None:
        raise refuse(errno.EINVAL)
    if it.size_range is not None:
        pick([it], answer.index)
        answer.type = SizeKind.STEPWISE
        step = answer.stepwise
        step.min_width, step.max_width, step.step_width = it.size_range[:3]
        step.min_height, step.max_height, step.step_height = it.size_range[3:]
        return
    answer.type = SizeKind.DISCRETE
    answer.discrete.width, answer.discrete.height = pick(it.sizes, answer.index)


def _enum_frameintervals(device: ScriptedDevice, answer: Any, _: int) -> None:
    it = next((it for it in device.formats if fourcc(it.code) == answer.pixel_format), None)
    if it is None or device.fitting_size(it, answer.width, answer.height) != (
        answer.width,
        answer.height,
    ):
        raise refuse(errno.EINVAL)
    if it.rate_range is not None:
        slowest, fastest = pick([it.rate_range], answer.index)
        answer.type = SizeKind.CONTINUOUS
        _write_interval(answer.stepwise.min, fastest)
        _write_interval(answer.stepwise.max, slowest)
        return
    if not it.rates:
        raise refuse(errno.ENOTTY)
    answer.type = SizeKind.DISCRETE
    _write_interval(answer.discrete, pick(it.rates, answer.index))


def _write_interval(into: Any, fps: Fraction) -> None:
    into.numerator, into.denominator = fps.denominator, fps.numerator


def _g_fmt(device: ScriptedDevice, answer: Any, _: int) -> None:
    queue_of(device, answer.type)
    _write_format(device, answer)


def _s_fmt(device: ScriptedDevice, asked: Any, _: int) -> None:
    queue_of(device, asked.type)
    if device.buffers:
        raise refuse(errno.EBUSY)
    wanted = asked.fmt.pix_mp if device.is_multiplanar else asked.fmt.pix
    device.format = device.format_of(wanted.pixelformat)
    device.size = device.fitting_size(device.format, wanted.width, wanted.height)
    _write_format(device, asked)


def _try_fmt(device: ScriptedDevice, asked: Any, descriptor: int) -> None:
    kept = device.format, device.size, device.buffers
    device.buffers = []
    _s_fmt(device, asked, descriptor)
    device.format, device.size, device.buffers = kept


def _write_format(device: ScriptedDevice, answer: Any) -> None:
    pix = answer.fmt.pix_mp if device.is_multiplanar else answer.fmt.pix
    pix.width, pix.height = device.size
    pix.pixelformat = fourcc(device.format.code)
    pix.field = device.field_order
    if device.is_multiplanar:
        pix.num_planes, pix = 1, pix.plane_fmt[0]
    pix.bytesperline, pix.sizeimage = device.bytes_per_line, device.image_bytes


def _parm(device: ScriptedDevice, answer: Any, _: int) -> None:
    queue_of(device, answer.type)
    answer.parm.capture.capability = CAP_TIMEPERFRAME
    _write_interval(answer.parm.capture.timeperframe, device.rate)


def _s_parm(device: ScriptedDevice, asked: Any, descriptor: int) -> None:
    queue_of(device, asked.type)
    if device.streams:
        raise refuse(errno.EBUSY)
    period = asked.parm.capture.timeperframe
    if period.numerator and period.denominator:
        fps = Fraction(period.denominator, period.numerator)
        if device.format.rate_range is not None:
            slowest, fastest = device.format.rate_range
            device.rate = min(max(fps, slowest), fastest)
        elif device.format.rates:
            device.rate = min(device.format.rates, key=lambda rate: abs(rate - fps))
    _parm(device, asked, descriptor)


def _control(device: ScriptedDevice, number: int) -> ScriptedControl:
    return pick([it for it in device.controls if it.id == number], 0)


def _query_ext_ctrl(device: ScriptedDevice, answer: Any, _: int) -> None:
    asks_next = answer.id & ControlFlag.NEXT_CTRL
    number = answer.id & CTRL_ID_MASK
    behind = sorted((it for it in device.controls if it.id > number), key=lambda it: it.id)
    it = pick(behind, 0) if asks_next else _control(device, number)
    if it.refused_with:
        raise refuse(it.refused_with)
    answer.id, answer.type, answer.name = it.id, it.kind, it.name.encode()
    answer.minimum, answer.maximum, answer.step = it.minimum, it.maximum, it.step
    answer.default_value, answer.flags, answer.elems = it.default, it.flags, 1


def _querymenu(device: ScriptedDevice, answer: Any, _: int) -> None:
    it = _control(device, answer.id)
    if answer.index not in it.menu:
        raise refuse(errno.EINVAL)
    item = it.menu[answer.index]
    if isinstance(item, int):
        answer.value = item
    else:
        answer.name = item.encode()


def _g_ext_ctrls(device: ScriptedDevice, asked: Any, _: int) -> None:
    for at in range(asked.count):
        it = _control(device, asked.controls[at].id)
        if it.flags & ControlFlag.WRITE_ONLY:
            raise refuse(errno.EACCES)
        if it.kind == ControlKind.INTEGER64:
            asked.controls[at].value64 = it.value
        else:
            asked.controls[at].value = it.value


def _s_ext_ctrls(device: ScriptedDevice, asked: Any, _: int) -> None:
    for at in range(asked.count):
        it = _control(device, asked.controls[at].id)
        if it.flags & ControlFlag.READ_ONLY:
            raise refuse(errno.EACCES)
        if it.flags & ControlFlag.GRABBED:
            raise refuse(errno.EBUSY)
        wide = it.kind == ControlKind.INTEGER64
        wanted = asked.controls[at].value64 if wide else asked.controls[at].value
        if it.menu and wanted not in it.menu:
            raise refuse(errno.EINVAL)
        if it.kind == ControlKind.BITMASK:
            it.value = wanted & it.maximum & 0xFFFF_FFFF
        else:
            it.value = fit(wanted, it.minimum, it.maximum, it.step)


ANSWERS: Final[dict[str, Answer]] = QUEUE_ANSWERS | {
    "VIDIOC_QUERYCAP": _querycap,
    "VIDIOC_ENUMINPUT": _enuminput,
    "VIDIOC_G_INPUT": _g_input,
    "VIDIOC_S_INPUT": _s_input,
    "VIDIOC_ENUMSTD": _enumstd,
    "VIDIOC_G_STD": _g_std,
    "VIDIOC_QUERYSTD": _querystd,
    "VIDIOC_G_SELECTION": _g_selection,
    "VIDIOC_S_SELECTION": _s_selection,
    "VIDIOC_S_STD": _s_std,
    "VIDIOC_ENUM_FMT": _enum_fmt,
    "VIDIOC_ENUM_FRAMESIZES": _enum_framesizes,
    "VIDIOC_ENUM_FRAMEINTERVALS": _enum_frameintervals,
    "VIDIOC_G_FMT": _g_fmt,
    "VIDIOC_S_FMT": _s_fmt,
    "VIDIOC_TRY_FMT": _try_fmt,
    "VIDIOC_G_PARM": _parm,
    "VIDIOC_S_PARM": _s_parm,
    "VIDIOC_QUERY_EXT_CTRL": _query_ext_ctrl,
    "VIDIOC_QUERYMENU": _querymenu,
    "VIDIOC_G_EXT_CTRLS": _g_ext_ctrls,
    "VIDIOC_S_EXT_CTRLS": _s_ext_ctrls,
}
FREE: Final = frozenset(ANSWERS) - {
    "VIDIOC_S_INPUT",
    "VIDIOC_S_STD",
    "VIDIOC_S_SELECTION",
    "VIDIOC_S_FMT",
    "VIDIOC_S_PARM",
    "VIDIOC_REQBUFS",
    "VIDIOC_QBUF",
    "VIDIOC_DQBUF",
    "VIDIOC_STREAMON",
    "VIDIOC_STREAMOFF",
}
"""What any descriptor may ask while another one has the buffers."""
