"""Changing a cage in a configuration file, whose comments and order stay as they are."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, cast

import tomlkit
from pydantic import BaseModel
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import AoT, Comment, InlineTable, Item, Null, Table, Whitespace

from appliance.config import CageSection, ConfigError, parse_config, read_bytes
from disk.durable_file import part_path, publish

_AnyTable: TypeAlias = Table | InlineTable


def edit_cage(path: Path, cage: CageSection) -> None:
    """Write the camera, crop and panel of a configured cage into the file.

    The result is read back and compared before it takes the place of the file, whose owner and
    mode it keeps. Raises ConfigError; nothing has changed then.
    """
    file = path.resolve()
    content, folder = read_bytes(file), path.absolute().parent
    before = parse_config(content, path, folder).cage_numbered(cage.number)
    document = tomlkit.parse(content.decode("utf-8-sig"))
    tables = cast("list[_AnyTable]", document["cage"])
    table = next(table for table in tables if table["number"] == cage.number)
    # What goes, goes first: new keys are put behind those that stay.
    for key in sorted(("camera", "crop", "panel"), key=lambda key: getattr(cage, key) is not None):
        if getattr(cage, key) != getattr(before, key):
            _put(table, key, getattr(before, key), getattr(cage, key))
    edited = tomlkit.dumps(document).encode()
    if parse_config(edited, path, folder).cage_numbered(cage.number) != cage:
        raise ConfigError(f"{path}: cage {cage.label} cannot be edited; change it by hand")
    try:
        _replace(file, edited)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _put(
    table: _AnyTable, key: str, before: BaseModel | str | None, wanted: BaseModel | str | None
) -> None:
    present = table.get(key)
    if wanted is None:
        _remove(table, key)
    elif isinstance(wanted, str):
        _set(table, key, wanted)
    elif isinstance(before, BaseModel) and _has_lines(present):
        _update(present, _dumped(before), _dumped(wanted), _spoken(wanted))
    else:
        _set(table, key, _spoken(wanted))


def _dumped(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)


def _spoken(model: BaseModel) -> dict[str, Any]:
    """Return what has to be written down of a model."""
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _update(
    table: Table, old: Mapping[str, Any], new: Mapping[str, Any], spoken: Mapping[str, Any]
) -> None:
    """Change the keys of a table that differ; the others stay as they are written."""
    for key in list(table):
        if key not in new or (key not in spoken and old.get(key) != new[key]):
            _remove(table, key)
    for key, value in spoken.items():
        present = table.get(key)
        if _has_lines(present) and isinstance(value, Mapping):
            _update(present, old.get(key) or {}, value, value)
        elif present is None or old.get(key) != new[key]:
            _set(table, key, value)


def _has_lines(present: object) -> TypeGuard[Table]:
    """Return whether this is a table with a heading and a line for each key."""
    return isinstance(present, Table) and not present.is_super_table()


def _set(table: _AnyTable, key: str, value: object) -> None:
    """Give a key its value, in its place and with its comment if it has one already."""
    item = _inline(value) if isinstance(value, Mapping) else tomlkit.item(value)
    present = table.get(key)
    if isinstance(present, Table | AoT | OutOfOrderTableProxy):
        # An inline table in its place would become a part of the table before it.
        _remove(table, key)
        present = None
    anchor = _last_line(table)
    if present is not None or anchor is None:
        table[key] = item
        return
    # tomlkit would put it behind the comments that head the next table.
    trivia = anchor.trivia
    newline = "\r\n" if "\r\n" in trivia.trail else "\n"
    line = f"{trivia.indent}{tomlkit.key(key).as_string()} = {item.as_string()}{newline}"
    trivia.trail = (trivia.trail or newline) + line


def _inline(keys: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    for key, value in keys.items():
        table[key] = _inline(value) if isinstance(value, Mapping) else value
    return table


def _last_line(table: _AnyTable) -> Item | None:
    """Return the last value of a table that stands on lines of its own, if there is one."""
    if isinstance(table, InlineTable):
        return None
    lines = [
        item
        for key, item in table.value.body
        if key is not None and not isinstance(item, Table | AoT)
    ]
    return lines[-1] if lines else None


def _remove(table: _AnyTable, key: str) -> None:
    """Take a key out; what only stands at the end of its table stays."""
    if key not in table:
        return
    body = table.value.body
    place = max(
        number for number, (name, _) in enumerate(body) if name is not None and name.key == key
    )
    tail = _tail(body[place][1])
    table.remove(key)
    if tail:
        body[place] = (None, Whitespace(tail))


def _tail(item: Item) -> str:
    """Return the blank lines and comments at the end of a table: they head what comes next."""
    if isinstance(item, AoT):
        return _tail(item[-1])
    if not isinstance(item, Table):
        return ""
    text = ""
    for _, part in reversed(item.value.body):
        if not isinstance(part, Whitespace | Comment | Null):
            return _tail(part) + text
        text = part.as_string() + text
    return text


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
