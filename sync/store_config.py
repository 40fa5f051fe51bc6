"""What the configuration says about the store that finished files go to."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class S3StoreConfig(_Section):
    """An S3-compatible store; keys come from the environment or the usual AWS files.

    `compatible` turns off what gateways such as rclone do not know: checksums in trailers.
    """

    kind: Literal["s3"]
    bucket: str = Field(min_length=3, max_length=63)
    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    region: str = "us-east-1"
    prefix: str = "ethoprofiler"
    ca_file: Path | None = None
    compatible: bool = False


class FolderStoreConfig(_Section):
    """A folder, for example on a mounted server."""

    kind: Literal["folder"]
    path: Path
    prefix: str = "ethoprofiler"


StoreConfig: TypeAlias = Annotated[S3StoreConfig | FolderStoreConfig, Field(discriminator="kind")]
