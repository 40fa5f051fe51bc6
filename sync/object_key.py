"""Names of objects: where in the store a rack's file belongs."""

import re
from dataclasses import dataclass
from typing import Final

CAGE_FOLDER: Final = re.compile(r"\d\d")
DAY_FOLDER: Final = re.compile(r"\d{4}-\d\d-\d\d")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(mkv|csv|json)")
_LIGHT_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.csv")
INVENTORY_FOLDER: Final = "inventory"
LIGHTS_FOLDER: Final = "lights"


@dataclass(frozen=True, slots=True)
class RackFile:
    """A finished file of a rack, by its path below the data folder."""

    path: str
    """`<NN>/<day>/<name>`, `inventory/<name>` or `lights/<day>.csv`."""
    day: str
    """`YYYY-MM-DD` in the facility's standard time."""

    @property
    def is_video(self) -> bool:
        """Whether it is one of the big ones."""
        return self.path.endswith(".mkv")

    @property
    def is_inventory(self) -> bool:
        """Whether it lists other files."""
        return self.path.startswith(f"{INVENTORY_FOLDER}/")


def rack_key(prefix: str, facility: str, rack: str) -> str:
    """Return the common beginning of a rack's keys, without a slash at its end."""
    return "/".join(part for part in (prefix, facility, rack) if part)


def object_key(rack: str, file: RackFile) -> str:
    """Return the key of a file below `rack_key`."""
    return f"{rack}/{file.path}"


def parse_rack_file(path: str) -> RackFile | None:
    """Return the finished file that a path below the data folder names; None for anything else."""
    folder, _, name = path.rpartition("/")
    if not _NAME.fullmatch(name):
        return None
    if folder == INVENTORY_FOLDER:
        day = name[:10]
        return RackFile(path, day) if DAY_FOLDER.fullmatch(day) and name.endswith(".json") else None
    if folder == LIGHTS_FOLDER:
        return RackFile(path, name[:10]) if _LIGHT_DAY.fullmatch(name) else None
    cage, _, day = folder.partition("/")
    if not CAGE_FOLDER.fullmatch(cage) or not DAY_FOLDER.fullmatch(day):
        return None
    return RackFile(path, day)
