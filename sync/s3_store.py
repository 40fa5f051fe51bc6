"""A store that speaks S3."""

import base64
import email.utils
from collections.abc import Collection, Generator, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sync.error import ObjectExists, StoreRefused
from sync.file_slice import open_slice
from sync.s3_client import open_client
from sync.s3_error import code_of, translated
from sync.s3_multipart import Multipart, content_md5
from sync.s3_trust import checks_what_it_gets, probe_folder
from sync.store import Source, StoredObject
from sync.store_config import S3StoreConfig

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

_BLOCK_BYTES: Final = 1 << 20
_NOT_FOUND: Final = 404
_CONTENT_TYPES: Final = {
    ".mkv": "video/matroska",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}


class S3Store:
    """Objects in a bucket; SHA-256 of what is sent goes with every request.

    A store's checksums are believed only if it refuses a wrong one, which is tried once a
    connection; else every object is read back. ETags are handed back as receipts, nothing more.
    """

    def __init__(self, config: S3StoreConfig) -> None:
        self._config: Final = config
        self._where: Final = config.endpoint or f"AWS {config.region}"
        self._client: S3Client | None = None
        self._is_believed = False

    @property
    def name(self) -> str:
        """Which store, for people."""
        return f"s3://{self._config.bucket} at {self._where}"

    def identity(self, expected: str | None) -> str:
        """List, and find out what the store's checksums are worth.

        The identity is endpoint and bucket. Keys are read anew after a refusal.
        """
        del expected
        bucket = self._config.bucket
        if self._client is None:
            self._client = open_client(self._config, self.name)
        try:
            with translated(self.name, "cannot be listed"):
                self._client.list_objects_v2(Bucket=bucket, MaxKeys=1)
            self._is_believed = not self._config.compatible and checks_what_it_gets(
                self._client, bucket, self.name, self._config.prefix
            )
        except StoreRefused:
            self.close()
            raise
        return f"{self._where}/{bucket}"

    def head(self, key: str) -> StoredObject | None:
        """Describe an object; None if there is none."""
        client = self._connected()
        with translated(self.name, key):
            try:
                if not self._is_believed:
                    size = client.head_object(Bucket=self._config.bucket, Key=key)["ContentLength"]
                    return StoredObject(size)
                answer = client.head_object(
                    Bucket=self._config.bucket, Key=key, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if code_of(error) in {"404", "NoSuchKey"}:
                    return None
                raise
        checksum = answer.get("ChecksumSHA256", "")
        if not checksum:
            return StoredObject(answer["ContentLength"])
        if "-" in checksum:
            return StoredObject(answer["ContentLength"], composite=checksum)
        return StoredObject(answer["ContentLength"], base64.b64decode(checksum).hex())

    def put(self, key: str, source: Source) -> None:
        """Make an object; a file of several parts goes on where `source.notes` says."""
        client = self._connected()
        if not self._is_believed and self.head(key) is not None:
            raise ObjectExists(f"{self.name}: {key}: exists already")
        metadata = {"sha256": source.digest.sha256}
        content_type = _CONTENT_TYPES.get(source.path.suffix, "application/octet-stream")
        if len(source.digest.part_sha256) > 1:
            multipart = Multipart(
                client, self.name, self._config.bucket, compatible=self._config.compatible
            )
            multipart.put(key, source, metadata, content_type)
            return
        size = source.digest.size
        with open_slice(source.path, 0, size, source.on_block) as body, translated(self.name, key):
            request: PutObjectRequestTypeDef = {
                "Bucket": self._config.bucket,
                "Key": key,
                "Body": body,
                "ContentLength": size,
                "ContentType": content_type,
                "Metadata": metadata,
            }
            if self._config.compatible:
                request["ContentMD5"] = content_md5(source, 0, size)
            else:
                sha256 = bytes.fromhex(source.digest.sha256)
                request["ChecksumSHA256"] = base64.b64encode(sha256).decode()
                request["IfNoneMatch"] = "*"
            client.put_object(**request)
        source.on_sent(size)

    def read(self, key: str) -> Generator[bytes, None, None]:
        """Yield an object's bytes in blocks; raises TransferDamaged if the store's sum is wrong."""
        client = self._connected()
        with translated(self.name, key):
            body = client.get_object(Bucket=self._config.bucket, Key=key)["Body"]
            try:
                yield from body.iter_chunks(_BLOCK_BYTES)
            finally:
                body.close()

    def close(self) -> None:
        """Close connections; safe to call twice. What is asked next opens them again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def drop_orphans(self, prefix: str, kept: Collection[str], older_than_s: float) -> int:
        """Abort multipart uploads below `prefix`, of probes too; the store's clock says how old."""
        folders = (prefix, probe_folder(self._config.prefix))
        return sum(self._drop_orphans_below(folder, kept, older_than_s) for folder in folders)

    def _drop_orphans_below(self, folder: str, kept: Collection[str], older_than_s: float) -> int:
        client = self._connected()
        dropped = 0
        with translated(self.name, "unfinished uploads"):
            try:
                for key, upload_id in self._orphans(client, folder, older_than_s):
                    if upload_id not in kept:
                        client.abort_multipart_upload(
                            Bucket=self._config.bucket, Key=key, UploadId=upload_id
                        )
                        dropped += 1
            except ClientError as error:
                if code_of(error) != "NoSuchUpload":  # it ended meanwhile; rclone's "there is none"
                    raise
        return dropped

    def _orphans(
        self, client: "S3Client", prefix: str, older_than_s: float
    ) -> Iterator[tuple[str, str]]:
        """Yield key and id of every multipart upload that is old enough."""
        pages = client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._config.bucket, Prefix=f"{prefix}/"
        )
        for page in pages:
            now = _time_of(page["ResponseMetadata"]["HTTPHeaders"])
            for upload in page.get("Uploads", []):
                if upload["Initiated"] <= now - timedelta(seconds=older_than_s):
                    yield upload["Key"], upload["UploadId"]

    def _connected(self) -> "S3Client":
        if self._client is None:
            self.identity(None)
        assert self._client is not None
        return self._client


def _time_of(headers: dict[str, str]) -> datetime:
    """Return the store's time of an answer; ours if it does not say."""
    try:
        return email.utils.parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return datetime.now(UTC)
