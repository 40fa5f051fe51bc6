"""What the configuration says about the store that finished files go to."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

_Prefix = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*)?$",
        max_length=200,
        description="folders of letters, digits, dots, hyphens; no slash at the ends",
    ),
]
"""Folders before a rack's own, without slashes at the ends; may be empty."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class S3StoreConfig(_Section):
    """An S3-compatible store; keys come from the environment or the usual AWS files.

    `compatible` is for gateways such as rclone's that know neither SHA-256 checksums nor
    conditional requests: neither is sent, and every object is read back.
    """

    kind: Literal["s3"]
    bucket: str = Field(
        min_length=3,
        max_length=63,
        pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$",
        description="3 to 63 lower-case letters, digits, dots and hyphens",
    )
    endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description='an address such as "https://store.example.org:9000"',
    )
    region: str = Field(
        default="us-east-1",
        pattern=r"^[a-z0-9-]+$",
        description="lower-case letters, digits and hyphens",
    )
    prefix: _Prefix = "ethoprofiler"
    ca_file: Path | None = None
    compatible: bool = False


class FolderStoreConfig(_Section):
    """A folder, for example on a mounted server; it must exist."""

    kind: Literal["folder"]
    path: Path
    prefix: _Prefix = "ethoprofiler"


StoreConfig: TypeAlias = Annotated[S3StoreConfig | FolderStoreConfig, Field(discriminator="kind")]
