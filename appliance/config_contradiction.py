"""What fits its own key in a configuration but not the rest of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails, PydanticCustomError

from appliance.config_fault import Fault, shown
from capture_hw.light_setting import setting_faults, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from datetime import timezone

    from appliance.config import MqttSection, RackConfig
    from appliance.config_place import Place
    from capture_hw.light_config import LightChange, LightConfig


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
    yield from _light_contradictions(config.lights, names, config.standard_time)
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


def _light_contradictions(
    lights: LightConfig, names: AbstractSet[str], standard_time: timezone
) -> Iterator[InitErrorDetails]:
    for position, change in enumerate(lights.change):
        for number, name in enumerate(change.panels):
            place: Place = ("lights", "change", position, "panels", number)
            if name not in names:
                yield _contradiction(place, "no such panel", name)
        for earlier in lights.change[:position]:
            if change.at == earlier.at and _share_a_panel(change, earlier):
                place = ("lights", "change", position, "at")
                reason = "another change of the same panel is at this moment; make one of both"
                yield _contradiction(place, reason, change.at)
                break
    found: set[tuple[Place, str]] = set()
    for panel in (None, *sorted(names)):
        for setting in settings_of(lights, standard_time, panel):
            table: Place = ("lights",)
            table += () if setting.change is None else ("change", setting.change)
            for key, reason in setting_faults(setting):
                if ((*table, key), reason) not in found:
                    found.add(((*table, key), reason))
                    words = lights if setting.change is None else lights.change[setting.change]
                    yield _contradiction((*table, key), reason, getattr(words, key))


def _share_a_panel(one: LightChange, other: LightChange) -> bool:
    return not one.panels or not other.panels or bool({*one.panels} & {*other.panels})


def _broker_contradictions(mqtt: MqttSection) -> Iterator[InitErrorDetails]:
    password, certificates = mqtt.password_file, mqtt.ca_file
    if password is not None and mqtt.username is None:
        yield _contradiction(("mqtt", "password_file"), "needs a `username`", str(password))
    if certificates is not None and not mqtt.tls:
        yield _contradiction(("mqtt", "ca_file"), "needs `tls = true`", str(certificates))


def _contradiction(place: Place, reason: str, value: object) -> InitErrorDetails:
    kind = PydanticCustomError("contradiction", "{reason}", {"reason": reason})
    return InitErrorDetails(type=kind, loc=place, input=value)
