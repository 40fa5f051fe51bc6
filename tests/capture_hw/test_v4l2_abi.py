"""What we say about the kernel's interface, against what a C compiler says.

`golden/v4l2_abi.txt` is the output of `scripts/print_v4l2_abi.py`.
"""

import ctypes
import runpy
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from capture_hw.v4l2 import request
from capture_hw.v4l2.number import fourcc, fourcc_text

SCRIPT: Final = Path(__file__).parents[2] / "scripts" / "print_v4l2_abi.py"
GOLDEN: Final = Path(__file__).parent / "golden" / "v4l2_abi.txt"
HEADER: Final = Path("/usr/include/linux/videodev2.h")


def ours() -> dict[str, int]:
    """Everything that the compiler was asked, as `capture_hw.v4l2` has it."""
    asked = runpy.run_path(str(SCRIPT))
    values: dict[str, int] = {}
    structures: dict[str, type[Any]] = asked["STRUCTURES"]
    for name, structure in structures.items():
        values[f"sizeof(struct {name})"] = ctypes.sizeof(structure)
        for field, *_ in structure._fields_:
            values[f"offsetof(struct {name}, {field})"] = getattr(structure, field).offset
            values[f"sizeof(((struct {name} *)0)->{field})"] = getattr(structure, field).size
    values |= {
        what.name: what.number
        for what in vars(request).values()
        if isinstance(what, request.Request)
    }
    for prefix, kind in asked["ENUMERATIONS"].items():
        values |= {f"{prefix}{name}": int(member) for name, member in kind.__members__.items()}
    values |= asked["CONSTANTS"]
    return values | {
        f"V4L2_PIX_FMT_{name}": fourcc(code) for name, code in asked["PIXEL_FORMATS"].items()
    }


def golden() -> dict[str, int]:
    rows = [line.rsplit(" ", 1) for line in GOLDEN.read_text().splitlines()]
    return {name: int(value) for name, value in rows}


def test_every_number_is_the_compilers() -> None:
    expected = golden()
    assert len(expected) > 400
    assert {name: value for name, value in ours().items() if name in expected} == expected


def test_the_table_is_what_the_compiler_says_here() -> None:
    if shutil.which("gcc") is None or not HEADER.exists():
        pytest.skip("no gcc, or no kernel headers, to ask; the table of another machine holds")
    assert runpy.run_path(str(SCRIPT))["table"]() == GOLDEN.read_text()


def test_a_four_letter_code_reads_as_in_the_manual() -> None:
    assert fourcc("GREY") == 0x59455247
    assert fourcc_text(0x34363248) == "H264"
    assert fourcc_text(fourcc("Y16 ")) == "Y16"
    assert fourcc_text(fourcc("Y16 ") | 1 << 31) == "Y16-BE"
    assert fourcc_text(0x0A1B00FF) == "????"
