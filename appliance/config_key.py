"""Which keys a place of the configuration may have, from the JSON Schema of its models."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from appliance.config_place import Place

Schema: TypeAlias = Mapping[str, Any]
_REFERENCE: Final = "#/$defs/"


class KeyTable:
    """The keys of every table, and what is allowed for each."""

    def __init__(self, schema: Schema, document: object) -> None:
        """`document` chooses between the members of a union, by the key that tells them apart."""
        self._schema = schema
        self._document = document

    def keys_at(self, place: Sequence[str | int]) -> list[str]:
        """Return the keys that the table at `place` may have; empty if it is no table."""
        return list(self._at(place).get("properties", {}))

    def is_table(self, place: Sequence[str | int]) -> bool:
        """Return whether a table belongs at `place`."""
        schema = self._at(place)
        return "properties" in schema or "discriminator" in schema

    def is_array_of_tables(self, place: Sequence[str | int]) -> bool:
        """Return whether `[[...]]` belongs at `place`."""
        return self.is_table((*place, 0))

    def meaning_of(self, place: Sequence[str | int]) -> str:
        """Return how a key is described, or nothing."""
        *table, key = place
        described = self._at(table).get("properties", {}).get(key, {})
        return str(described.get("description", ""))

    def choices_at(self, place: Sequence[str | int]) -> tuple[str, list[str]] | None:
        """Return the key that tells the members of a union apart, and its values."""
        discriminator = self._resolved_union(place).get("discriminator")
        if discriminator is None:
            return None
        return str(discriminator["propertyName"]), list(discriminator["mapping"])

    def without_tags(self, place: Sequence[str | int]) -> Place:
        """Return a place of pydantic's without the names of chosen members of unions."""
        real: Place = ()
        tag_may_follow = True
        for part in place:
            union = self.choices_at(real)
            if tag_may_follow and union is not None and part in union[1]:
                tag_may_follow = False
                continue
            real += (part,)
            tag_may_follow = True
        return real

    def _at(self, place: Sequence[str | int]) -> Schema:
        """Return the schema of a place, members of unions chosen; empty if there is none."""
        union = self._resolved_union(place)
        discriminator = union.get("discriminator")
        if discriminator is None:
            return union
        node = value_at(self._document, place)
        tag = node.get(discriminator["propertyName"]) if isinstance(node, Mapping) else None
        chosen = discriminator["mapping"].get(tag) if isinstance(tag, str) else None
        return self._followed({"$ref": chosen}) if chosen else union

    def _resolved_union(self, place: Sequence[str | int]) -> Schema:
        if not place:
            return self._schema
        *around, last = place
        outer = self._at(around)
        if isinstance(last, int):
            return self._followed(outer.get("items", {}))
        return self._followed(outer.get("properties", {}).get(last, {}))

    def _followed(self, schema: Schema) -> Schema:
        """Follow a reference; of `X or nothing` take X."""
        if "anyOf" in schema:
            schema = next(item for item in schema["anyOf"] if item.get("type") != "null")
        reference = schema.get("$ref")
        if reference is None:
            return schema
        found: Schema = self._schema["$defs"][reference.removeprefix(_REFERENCE)]
        return found


def value_at(document: object, place: Sequence[str | int]) -> object:
    """Return what a document has at a place; None if it has nothing there."""
    value = document
    for part in place:
        try:
            value = value[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return value
