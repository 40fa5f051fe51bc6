"""The configuration of the demonstration rack: simulated cages, a local broker, a folder."""

from pathlib import Path
from typing import Final

_ANIMALS: Final = (("C57BL/6J", "black"), ("CD-1", "white"))

_RACK: Final = """\
# A rack of simulated cages, written by `ethoprofiler demo`.
# `ethoprofiler init` writes one to start a real rack from.

[rack]
facility = "demo"
name = "rack-1"
data = "data"
utc_offset = "+00:00"

[recording]
segment_s = {segment_s}
keep_free_gb = 0.5

[lights]
lights_on = 07:00:00
light_hours = 12

[[lights.panel]]
name = "main"
driver = "simulated"
light_file = "light.json"

[classifier]
threads = {threads}

[mqtt]
host = "127.0.0.1"
port = {port}

[store]
kind = "folder"
path = "store"
"""

_CAGE: Final = """
[[cage]]
number = {number}
animal = "demo-{number:02d}"
strain = "{strain}"
[cage.camera]
driver = "simulated"
seed = {number}
fur = "{fur}"
routine = "busy"
light_file = "light.json"
"""


def write_demo_config(path: Path, *, cages: int, port: int, segment_s: int, threads: int) -> None:
    """Write the configuration file. Raises OSError."""
    text = _RACK.format(port=port, segment_s=segment_s, threads=threads)
    for number in range(1, cages + 1):
        strain, fur = _ANIMALS[(number - 1) % len(_ANIMALS)]
        text += _CAGE.format(number=number, strain=strain, fur=fur)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
