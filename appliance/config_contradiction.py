"""What fits its own key in a configuration but not the rest of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails, PydanticCustomError

from appliance.config_fault import Fault, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.config import MqttSection, RackConfig
    from appliance.config_place import Place


def contradictions(config: RackConfig) -> Iterator[InitErrorDetails]:
    """Yield what disagrees with another key, at the key that came second."""
    numbers: set[int] = set()
    for position, cage in enumerate(config.cage):
        if cage.number in numbers:
            yield _contradiction(("cage", position, "number"), "another cage has it", cage.number)
        numbers.add(cage.number)
    names: set[str] = set()
    for position, panel in enumerate(config.lights.panel):
        if panel.name in names:
            place = ("lights", "panel", position, "name")
            yield _contradiction(place, "another panel has it", panel.name)
        names.add(panel.name)
    for position, cage in enumerate(config.cage):
        if cage.panel is not None and cage.panel not in names:
            yield _contradiction(("cage", position, "panel"), "no such panel", cage.panel)
    if config.mqtt is not None:
        yield from _broker_contradictions(config.mqtt)
    store = config.store
    if store is not None and store.kind == "s3" and "@" in (store.endpoint or ""):
        reason = "keys do not belong in an address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        yield _contradiction(("store", "endpoint"), reason, store.endpoint)


def store_faults(config: RackConfig) -> list[Fault]:
    """Refuse a store that would upload into itself; the paths are absolute."""
    store = config.store
    if store is None or store.kind != "folder":
        return []
    data, target = config.rack.data.resolve(), store.path.resolve()
    if data.is_relative_to(target) or target.is_relative_to(data):
        reason = f"the store and the recordings ({data}) must not lie in each other"
        return [Fault(("store", "path"), reason, shown(str(store.path)))]
    return []


def spool_faults(config: RackConfig) -> list[Fault]:
    """Refuse a spool that is lost together with the recordings; the paths are absolute."""
    spool = config.recording.spool
    if spool is None:
        return []
    data, target = config.rack.data.resolve(), spool.resolve()
    if data.is_relative_to(target) or target.is_relative_to(data):
        reason = f"the spool and the recordings ({data}) must not lie in each other"
        return [Fault(("recording", "spool"), reason, shown(str(spool)))]
    return []


def _broker_contradictions(mqtt: MqttSection) -> Iterator[InitErrorDetails]:
    password, certificates = mqtt.password_file, mqtt.ca_file
    if password is not None and mqtt.username is None:
        yield _contradiction(("mqtt", "password_file"), "needs a `username`", str(password))
    if certificates is not None and not mqtt.tls:
        yield _contradiction(("mqtt", "ca_file"), "needs `tls = true`", str(certificates))


def _contradiction(place: Place, reason: str, value: object) -> InitErrorDetails:
    kind = PydanticCustomError("contradiction", "{reason}", {"reason": reason})
    return InitErrorDetails(type=kind, loc=place, input=value)
