"""Whether clock, model, broker and store serve."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from appliance.clock_state import is_clock_synchronized
from appliance.config import ConfigError, RackConfig
from appliance.folder_check import missing_mount
from appliance.model_folder import find_model
from appliance.mount_table import mount_of
from appliance.probe import Finding, Probe
from appliance.rack_path import upload_ledger
from inference.error import ModelError

_CLOCK_S: Final = 5.0
_MODEL_S: Final = 60.0
_NETWORK_S: Final = 30.0


def service_probes(config: RackConfig, environment: Mapping[str, str]) -> list[Probe]:
    """Return a look at each service that the configuration names."""
    probes = [
        Probe("clock", _CLOCK_S, lambda: _check_clock(config)),
        Probe("model", _MODEL_S, lambda: _check_model(config)),
    ]
    if config.mqtt is not None:
        probes.append(Probe("broker", _NETWORK_S, lambda: _check_broker(config, environment)))
    if config.store is not None:
        probes.append(Probe("store", _NETWORK_S, lambda: _check_store(config)))
    return probes


def _check_clock(config: RackConfig) -> Finding:
    now = datetime.now(UTC).astimezone(config.standard_time)
    text = f"{now:%Y-%m-%d %H:%M:%S} in the facility's standard time, {config.rack.utc_offset}"
    if is_clock_synchronized():
        return Finding("ok", f"{text}, synchronized")
    return Finding("warning", f"{text}; not synchronized, a time service (NTP) is needed")


def _check_model(config: RackConfig) -> Finding:
    from inference.classifier import Classifier  # lazy: ONNX Runtime costs half a second

    try:
        classifier = Classifier(find_model(config.classifier.model), config.classifier.provider)
    except ModelError as error:
        return Finding("failed", str(error))
    return Finding("ok", f"{classifier.identity()} on {classifier.device}")


def _check_broker(config: RackConfig, environment: Mapping[str, str]) -> Finding:
    from appliance.broker_address import broker_address, check_broker  # lazy: paho, if asked for
    from appliance.broker_link import BrokerError

    try:
        check_broker(config, environment)
    except (BrokerError, ConfigError) as error:
        return Finding("failed", str(error))
    address = broker_address(config, environment)
    whom = "without user name" if address.username is None else f"as '{address.username}'"
    way = "encrypted" if address.tls else "not encrypted"
    return Finding("ok", f"{address}: connected {whom}, {way}")


def _check_store(config: RackConfig) -> Finding:
    # Lazy imports: boto3 costs half a second, if asked for.
    from sync.error import SyncError
    from sync.open_store import open_store
    from sync.upload_ledger import UploadLedger

    assert config.store is not None
    if config.store.kind == "folder":
        # Asking marks the folder as the store, which an empty mount point must not become.
        absence = missing_mount(config.store.path, mount_of(config.store.path))
        if absence:
            return Finding("warning", f"{config.store.path}: {absence}")
    known = None
    ledger = upload_ledger(config)
    try:
        if ledger.exists():
            with UploadLedger(ledger) as uploads:
                known = uploads.identity
        store = open_store(config.store)
        store.identity(known)
    except SyncError as error:
        return Finding("failed", str(error))
    except sqlite3.Error as error:
        return Finding("failed", f"{ledger}: cannot be read: {error}")
    if config.store.kind == "s3" and config.store.compatible:
        return Finding("ok", f"{store.name}: answers; the first upload shows whether it can write")
    return Finding("ok", f"{store.name}: answers and can be written to")
