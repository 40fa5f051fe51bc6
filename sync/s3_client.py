"""Opening the S3 library with our time limits and with keys from where we look for them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import boto3
import botocore.session
from botocore.config import Config

from sync.error import StoreRefused
from sync.s3_error import translated
from sync.store_config import S3StoreConfig

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECT_S: Final = 10.0
_READ_S: Final = 60.0
_CREDENTIAL_NAME: Final = "ethoprofiler-store"
"""A systemd credential in the form of an AWS credentials file."""
_CLOUD_PROVIDERS: Final = ("container-role", "iam-role")
"""Ask a cloud's own network for keys, which no rack is in; each costs seconds at every start."""


def open_client(config: S3StoreConfig, store: str) -> "S3Client":
    """Return a client that never tries again by itself; raises StoreRefused."""
    if config.ca_file is not None and not config.ca_file.is_file():
        raise StoreRefused(f"{store}: ca_file = {config.ca_file}: there is no such file")
    when: Literal["when_required", "when_supported"]
    when = "when_required" if config.compatible else "when_supported"
    with translated(store, "cannot be used"):
        try:
            return boto3.Session(botocore_session=_session()).client(
                "s3",
                region_name=config.region,
                endpoint_url=config.endpoint,
                verify=str(config.ca_file) if config.ca_file else None,
                config=Config(
                    signature_version="s3v4",
                    s3={"addressing_style": "path" if config.endpoint else "auto"},
                    connect_timeout=_CONNECT_S,
                    read_timeout=_READ_S,
                    retries={"total_max_attempts": 1, "mode": "standard"},
                    request_checksum_calculation=when,
                    response_checksum_validation=when,
                ),
            )
        except ValueError as error:
            raise StoreRefused(f"{store}: {error}") from error


def _session() -> botocore.session.Session:
    session = botocore.session.Session()
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / _CREDENTIAL_NAME).is_file():
        session.set_config_variable("credentials_file", str(Path(folder) / _CREDENTIAL_NAME))
    providers = session.get_component("credential_provider")
    for name in _CLOUD_PROVIDERS:
        providers.remove(name)
    return session
