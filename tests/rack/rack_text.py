"""Configurations of whole racks for tests."""

from collections.abc import Sequence
from pathlib import Path

ROOT = "ethoprofiler/test/rack-a/"
PREFIX = "ethoprofiler/test/rack-a"


def rack_text(
    cameras: Sequence[str],
    *,
    port: int,
    store: str = 'kind = "folder"\npath = "store"',
    segment_s: int = 20,
    data: str = "data",
) -> str:
    """Return a configuration; `cameras` are inline TOML tables."""
    text = f"""\
[rack]
facility = "test"
name = "rack-a"
data = "{data}"
state = "state"
utc_offset = "+01:00"
[recording]
segment_s = {segment_s}
keep_free_gb = 0.0
[lights]
[[lights.panel]]
name = "main"
driver = "simulated"
[mqtt]
host = "127.0.0.1"
port = {port}
[store]
{store}
"""
    for number, camera in enumerate(cameras, start=1):
        text += f"""
[[cage]]
number = {number}
animal = "mouse-{number}"
camera = {camera}
"""
    return text


def simulated(seed: int) -> str:
    """Return a camera whose mouse is busy."""
    return f'{{ driver = "simulated", seed = {seed}, routine = "busy" }}'


def folder_hashes(store: Path) -> dict[str, str]:
    """Return the rack's objects in a folder store, key below the rack to SHA-256."""
    from hashlib import sha256

    root = store / PREFIX
    return {
        str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*.*")
        if path.is_file()
    }
