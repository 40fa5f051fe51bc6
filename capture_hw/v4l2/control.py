"""Settings of a device, such as gain and bit rate: listed, set, read back."""

import errno
import re
from collections.abc import Iterator
from ctypes import pointer
from dataclasses import dataclass
from typing import Final

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import abi, description, request
from capture_hw.v4l2.node import Node, text
from capture_hw.v4l2.number import (
    CTRL_WHICH_CUR_VAL,
    ControlFlag,
    ControlKind,
)

_MOST: Final = 512
_WIDEST_MENU: Final = 128
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
    """Return every setting; raises DeviceLost."""
    return tuple(
        _control(node, it)
        for it in _described(node)
        if it.type in _VALUED and not it.flags & ControlFlag.DISABLED
    )


def named_control(node: Node, controls: tuple[Control, ...], name: str) -> Control:
    """Return a setting by its name; raises DeviceLost, which names those that there are."""
    for control in controls:
        if control.name == name:
            return control
    offered = ", ".join(it.name for it in controls if not it.is_read_only) or "none"
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
    number = 0
    for _ in range(_MOST):
        answer = description.ControlDescription(id=number | ControlFlag.NEXT_CTRL)
        if not node.asks(request.QUERY_EXT_CTRL, answer, errno.EINVAL, errno.ENOTTY):
            return
        yield answer
        number = answer.id


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
        if node.asks(request.QUERYMENU, item, errno.EINVAL):
            is_number = it.type == ControlKind.INTEGER_MENU
            yield index, str(item.value) if is_number else text(item.name)


def _read(node: Node, number: int, kind: str, *, is_wide: bool) -> int | None:
    """Return a value; None if the device does not tell it now."""
    answer = _value_of(number)
    # EIO, ETIMEDOUT: some cameras do not answer for a setting that is switched off.
    quiet = (errno.EACCES, errno.EINVAL, errno.EIO, errno.ETIMEDOUT, errno.ERANGE, errno.EBUSY)
    if not node.asks(request.G_EXT_CTRLS, _one(answer), *quiet):
        return None
    if is_wide:
        return int(answer.value64)
    return int(answer.value) & 0xFFFF_FFFF if kind == "bits" else int(answer.value)


def _value_of(number: int) -> abi.ControlValue:
    return abi.ControlValue(id=number)


def _one(value: abi.ControlValue) -> abi.ControlValues:
    """Return a list of one value; ctypes keeps the value alive with it."""
    return abi.ControlValues(which=CTRL_WHICH_CUR_VAL, count=1, controls=pointer(value))


def _plain(label: str) -> str:
    """Return a driver's words as a name: "White Balance, Auto" is white_balance_auto."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
