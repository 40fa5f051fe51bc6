"""Where the broker is and how we prove who we are, from configuration, environment and files."""

from collections.abc import Mapping
from typing import Final

from appliance.broker_link import BrokerAddress, BrokerLink
from appliance.config import ConfigError, MqttSection, RackConfig

PASSWORD_VARIABLE: Final = "ETHOPROFILER_MQTT_PASSWORD"  # noqa: S105 - its name, not its value
_LONGEST_BYTES: Final = 65_535
"""Source: MQTT 5.0, 3.1.3.6: the length of a password is two bytes."""


def broker_address(config: RackConfig, environment: Mapping[str, str]) -> BrokerAddress:
    """Return the rack's way to its broker. Raises ConfigError: no [mqtt], unreadable password."""
    mqtt = config.mqtt
    if mqtt is None:
        raise ConfigError("the configuration has no [mqtt] section: there is no broker to use")
    return BrokerAddress(
        host=mqtt.host,
        port=mqtt.port,
        client_id=f"{config.rack.facility}-{config.rack.name}",
        tls=mqtt.tls,
        ca_file=mqtt.ca_file,
        username=mqtt.username,
        password=mqtt_password(mqtt, environment),
    )


def mqtt_password(mqtt: MqttSection, environment: Mapping[str, str]) -> str | None:
    """Return the password; the environment goes before the file. Raises ConfigError."""
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    if mqtt.password_file is None:
        return None
    try:
        with mqtt.password_file.open(encoding="utf-8") as file:
            password = file.read(_LONGEST_BYTES).rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{mqtt.password_file}: the password of [mqtt] cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{mqtt.password_file}: the password is not UTF-8 text") from error
    if not password:
        raise ConfigError(f"{mqtt.password_file}: the password of [mqtt] is empty")
    return password


def check_broker(config: RackConfig, environment: Mapping[str, str]) -> None:
    """Connect, authenticate and leave, under a name that does not disturb a running rack.

    Raises ConfigError or BrokerError.
    """
    rack = broker_address(config, environment)
    address = BrokerAddress(
        host=rack.host,
        port=rack.port,
        client_id=f"{rack.client_id}-check",
        tls=rack.tls,
        ca_file=rack.ca_file,
        username=rack.username,
        password=rack.password,
    )
    with BrokerLink(address, will=None) as link:
        link.open()
