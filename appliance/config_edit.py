"""Changing a cage in a configuration file, whose comments and order stay as they are."""

import os
import shutil
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from pydantic import BaseModel
from tomlkit.items import Table

from appliance.config import CageSection, ConfigError, parse_config, read_bytes
from disk.durable_file import part_path, publish


def edit_cage(path: Path, cage: CageSection) -> None:
    """Write the camera, crop and panel of a configured cage into the file.

    The result is read back and compared before it takes the place of the file, whose owner and
    mode it keeps. Raises ConfigError; nothing has changed then.
    """
    file = path.resolve()
    content, folder = read_bytes(file), path.absolute().parent
    before = parse_config(content, path, folder).cage_numbered(cage.number)
    document = tomlkit.parse(content.decode("utf-8-sig"))
    tables = cast("list[MutableMapping[str, Any]]", document["cage"])
    table = next(table for table in tables if table["number"] == cage.number)
    for key in ("camera", "crop", "panel"):
        wanted = getattr(cage, key)
        if wanted != getattr(before, key):
            _put(table, key, wanted)
    edited = tomlkit.dumps(document).encode()
    if parse_config(edited, path, folder).cage_numbered(cage.number) != cage:
        raise ConfigError(f"{path}: cage {cage.label} cannot be edited; change it by hand")
    try:
        _replace(file, edited)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _put(table: MutableMapping[str, Any], key: str, value: BaseModel | str | None) -> None:
    if value is None:
        table.pop(key, None)
    elif isinstance(value, str):
        table[key] = value
    else:
        # A table of its own stays one: an inline one behind it would become a part of the next.
        keys = value.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        is_own = isinstance(table.get(key), Table)
        table[key] = _table(keys, is_inline=not is_own)


def _table(keys: Mapping[str, Any], *, is_inline: bool) -> MutableMapping[str, Any]:
    table: MutableMapping[str, Any] = tomlkit.inline_table() if is_inline else tomlkit.table()
    for key, value in keys.items():
        table[key] = _table(value, is_inline=True) if isinstance(value, Mapping) else value
    return table


def _replace(file: Path, content: bytes) -> None:
    part = part_path(file)
    try:
        with part.open("wb") as opened:
            opened.write(content)
            opened.flush()
            status = file.stat()
            os.fchown(opened.fileno(), status.st_uid, status.st_gid)
            shutil.copymode(file, part)
            os.fsync(opened.fileno())
        publish(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
