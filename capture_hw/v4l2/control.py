"""Settings of a device, such as gain and bit rate: listed, set, read back."""

import errno
import re
from collections.abc import Iterator
from ctypes import pointer
from dataclasses import dataclass
from typing import Any, Final

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import abi, description, request
from capture_hw.v4l2.node import Node, RequestRefused, text
from capture_hw.v4l2.number import (
    CTRL_WHICH_CUR_VAL,
    ControlFlag,
    ControlKind,
)
from capture_hw.v4l2.request import Request

_MOST: Final = 512
_WIDEST_MENU: Final = 128
_GONE: Final = (errno.ENODEV, errno.ENXIO)
_NO_MORE: Final = (errno.EINVAL, errno.ENOTTY, errno.ETIMEDOUT)
"""What ends a list; a USB camera that lets requests time out takes up to 5 s for each."""
_MOST_REFUSALS: Final = 256
_USER_CLASS: Final = 0x98_0000
_NEXT_CLASS: Final = 0x1_0000
_FIRST_OF_CLASS: Final = 0x900
_TRIED_OF_CLASS: Final = 64
"""Source: linux/v4l2-controls.h: classes are 0x10000 apart from V4L2_CTRL_CLASS_USER on, and their
settings are numbered from 0x900; the classes of cameras have fewer than 64."""
_VALUED: Final = {
    ControlKind.INTEGER: "integer",
    ControlKind.BOOLEAN: "boolean",
    ControlKind.MENU: "menu",
    ControlKind.INTEGER64: "integer",
    ControlKind.BITMASK: "bits",
    ControlKind.INTEGER_MENU: "menu",
}
"""Kinds with one number as their value; the others are headings, buttons, texts and structures."""


@dataclass(frozen=True, slots=True)
class Control:
    """One setting that has a number as its value."""

    id: int
    name: str
    """As in the configuration: the driver's words in small letters with underscores."""
    kind: str
    minimum: int
    maximum: int
    step: int
    default: int
    value: int | None
    """None if it cannot be read."""
    is_wide: bool
    """Whether its value has 64 bits."""
    is_read_only: bool
    menu: tuple[tuple[int, str], ...]
    """The values that a menu has, with their names."""


def list_controls(node: Node) -> tuple[Control, ...]:
    """Return every setting that can be described; raises DeviceLost if the device is gone."""
    return tuple(_control(node, it) for it in _described(node))


def named_control(node: Node, name: str) -> Control:
    """Return a setting by its name, asking no other one for its value or menu.

    Raises DeviceLost, which names those that there are.
    """
    settable = []
    for it in _described(node):
        if _plain(text(it.name)) == name:
            return _control(node, it)
        if not it.flags & ControlFlag.READ_ONLY:
            settable.append(_plain(text(it.name)))
    offered = ", ".join(settable) or "none"
    raise DeviceLost(f'{node.path}: has no control "{name}"; it has {offered}')


def set_control(node: Node, control: Control, value: int) -> int:
    """Set a value and return what the device made of it; raises DeviceLost if it refuses.

    A driver may round a value, and forgets one that another setting, such as an automatic one,
    overrules.
    """
    if control.is_read_only:
        raise DeviceLost(f"{node.path}: control {control.name} cannot be set")
    if not control.minimum <= value <= control.maximum:
        raise DeviceLost(
            f"{node.path}: control {control.name} = {value}: must be"
            f" {control.minimum} to {control.maximum}"
        )
    if control.menu and value not in dict(control.menu):
        offered = ", ".join(f"{number} {label}" for number, label in control.menu)
        raise DeviceLost(f"{node.path}: control {control.name} = {value}: must be one of {offered}")
    wish = _value_of(control.id)
    if control.is_wide:
        wish.value64 = value
    else:
        # Bits are a positive number here and a signed one with the same bits in the structure.
        wish.value = value - (1 << 32) if value > 0x7FFF_FFFF else value
    node.call(request.S_EXT_CTRLS, _one(wish))
    taken = _read(node, control.id, control.kind, is_wide=control.is_wide)
    return value if taken is None else taken


def _described(node: Node) -> Iterator[description.ControlDescription]:
    """Yield the settings with a number as their value; one that cannot be described is left out."""
    number, refusals = 0, 0
    for _ in range(_MOST):
        answer = description.ControlDescription(id=number | ControlFlag.NEXT_CTRL)
        try:
            node.call(request.QUERY_EXT_CTRL, answer)
        except RequestRefused as error:
            if error.code in _GONE:
                raise
            refusals += 1
            if error.code in _NO_MORE or refusals >= _MOST_REFUSALS:
                return
            number = _behind(number)
            continue
        number = answer.id
        if answer.type in _VALUED and not answer.flags & ControlFlag.DISABLED:
            yield answer


def _behind(number: int) -> int:
    """Return where to ask on behind `number` if the next setting cannot be described.

    That one has a number, too, but the driver did not say which.
    """
    if number < _USER_CLASS:
        return _USER_CLASS + _FIRST_OF_CLASS - 1
    control_class, at = number & ~0xFFFF, number & 0xFFFF
    if at >= _FIRST_OF_CLASS + _TRIED_OF_CLASS:
        return control_class + _NEXT_CLASS + _FIRST_OF_CLASS - 1
    return control_class + max(at + 1, _FIRST_OF_CLASS - 1)


def _control(node: Node, it: description.ControlDescription) -> Control:
    kind, is_wide = _VALUED[ControlKind(it.type)], it.type == ControlKind.INTEGER64
    return Control(
        id=it.id,
        name=_plain(text(it.name)),
        kind=kind,
        minimum=it.minimum,
        maximum=it.maximum,
        step=it.step,
        default=it.default_value,
        value=_read(node, it.id, kind, is_wide=is_wide),
        is_wide=is_wide,
        is_read_only=bool(it.flags & ControlFlag.READ_ONLY),
        menu=tuple(_menu(node, it)),
    )


def _menu(node: Node, it: description.ControlDescription) -> Iterator[tuple[int, str]]:
    """Yield the items of a menu, whose numbers may have holes."""
    if it.type not in (ControlKind.MENU, ControlKind.INTEGER_MENU):
        return
    for index in range(it.minimum, min(it.maximum, it.minimum + _WIDEST_MENU) + 1):
        item = description.MenuItem(id=it.id, index=index)
        if _answers(node, request.QUERYMENU, item):
            is_number = it.type == ControlKind.INTEGER_MENU
            yield index, str(item.value) if is_number else text(item.name)


def _read(node: Node, number: int, kind: str, *, is_wide: bool) -> int | None:
    """Return a value; None if the device does not tell it now. Raises DeviceLost if it is gone."""
    answer = _value_of(number)
    if not _answers(node, request.G_EXT_CTRLS, _one(answer)):
        return None
    if is_wide:
        return int(answer.value64)
    return int(answer.value) & 0xFFFF_FFFF if kind == "bits" else int(answer.value)


def _answers(node: Node, what: Request, argument: Any) -> bool:
    """Do one request; False if the device refuses it, whyever. Raises DeviceLost if it is gone.

    USB cameras answer EPIPE, EIO, EREMOTEIO or ETIMEDOUT for a setting that is switched off.
    """
    try:
        node.call(what, argument)
    except RequestRefused as error:
        if error.code in _GONE:
            raise
        return False
    return True


def _value_of(number: int) -> abi.ControlValue:
    return abi.ControlValue(id=number)


def _one(value: abi.ControlValue) -> abi.ControlValues:
    """Return a list of one value; ctypes keeps the value alive with it."""
    return abi.ControlValues(which=CTRL_WHICH_CUR_VAL, count=1, controls=pointer(value))


def _plain(label: str) -> str:
    """Return a driver's words as a name: "White Balance, Auto" is white_balance_auto."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
