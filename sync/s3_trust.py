"""Finding out whether an S3 store checks what it is sent."""

import base64
import uuid
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sync.s3_error import code_of, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REFUSALS: Final = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"})
_WRONG_SHA256: Final = base64.b64encode(bytes(32)).decode()


def probe_folder(prefix: str) -> str:
    """Return below what the probes of a store's prefix lie, without a slash at its end."""
    return "/".join(part for part in (prefix, ".probe") if part)


def checks_what_it_gets(client: "S3Client", bucket: str, store: str, prefix: str) -> bool:
    """Send a byte with a wrong checksum as part of an upload that is then aborted.

    A store that takes it keeps checksums without checking them, so they prove nothing. No object
    comes of it; an upload that could not be aborted is dropped later, like every orphan. Raises
    StoreAway or StoreRefused.
    """
    key = f"{probe_folder(prefix)}/{uuid.uuid4()}"
    with translated(store, key):
        upload_id = client.create_multipart_upload(
            Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256"
        )["UploadId"]
        try:
            client.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=1,
                Body=b"x",
                ChecksumSHA256=_WRONG_SHA256,
            )
        except ClientError as error:
            if code_of(error) not in _REFUSALS:
                raise
            return True
        finally:
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    return False
