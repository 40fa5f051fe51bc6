"""Putting a big file into S3 part by part, going on where a killed upload stopped."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sync.error import ObjectExists, TransferDamaged
from sync.file_slice import open_slice
from sync.s3_error import code_of, translated
from sync.store import Source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        CompleteMultipartUploadRequestTypeDef,
        CreateMultipartUploadRequestTypeDef,
        UploadPartRequestTypeDef,
    )

_GONE: Final = frozenset({"NoSuchUpload", "NoSuchKey", "404"})


@dataclass(frozen=True, slots=True)
class Multipart:
    """Multipart uploads into one bucket."""

    client: "S3Client"
    store: str
    """Its name for people."""
    bucket: str
    compatible: bool
    """The store knows no SHA-256 and no conditional requests."""

    def put(self, key: str, source: Source, metadata: dict[str, str], content_type: str) -> None:
        """Send the missing parts and complete; raises what `Store.put` raises."""
        with translated(self.store, key):
            listed = self._listed(key, source)
            if listed is None:
                source.notes.begin(self._create(key, metadata, content_type))
                listed = {}
            noted = source.notes.etags()
            for number in range(1, len(source.digest.part_sha256) + 1):
                receipt = (_size_of(number, source), noted.get(number, "").strip('"'))
                if listed.get(number) != receipt:
                    self._send(key, number, source)
            self._complete(key, source)
            source.notes.forget()

    def _listed(self, key: str, source: Source) -> dict[int, tuple[int, str]] | None:
        """Return size and receipt of the noted upload's parts; None if the store knows none."""
        upload_id = source.notes.upload_id
        if upload_id is None:
            return None
        parts: dict[int, tuple[int, str]] = {}
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=key, UploadId=upload_id
        )
        try:
            for page in pages:
                source.on_block()
                for part in page.get("Parts", []):
                    parts[part["PartNumber"]] = (part["Size"], part["ETag"].strip('"'))
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            source.notes.forget()
            return None
        return parts

    def _create(self, key: str, metadata: dict[str, str], content_type: str) -> str:
        request: CreateMultipartUploadRequestTypeDef = {
            "Bucket": self.bucket,
            "Key": key,
            "Metadata": metadata,
            "ContentType": content_type,
        }
        if not self.compatible:
            request["ChecksumAlgorithm"] = "SHA256"
        return self.client.create_multipart_upload(**request)["UploadId"]

    def _send(self, key: str, number: int, source: Source) -> None:
        size = _size_of(number, source)
        start = (number - 1) * source.digest.part_bytes
        with open_slice(source.path, start, size, source.on_block) as body:
            request: UploadPartRequestTypeDef = {
                "Bucket": self.bucket,
                "Key": key,
                "UploadId": source.notes.upload_id or "",
                "PartNumber": number,
                "Body": body,
                "ContentLength": size,
            }
            if self.compatible:
                request["ContentMD5"] = content_md5(source, start, size)
            else:
                request["ChecksumSHA256"] = _checksum(number, source)
            etag = self.client.upload_part(**request)["ETag"]
        source.notes.note(number, etag)
        source.on_sent(size)

    def _complete(self, key: str, source: Source) -> None:
        upload_id = source.notes.upload_id or ""
        request: CompleteMultipartUploadRequestTypeDef = {
            "Bucket": self.bucket,
            "Key": key,
            "UploadId": upload_id,
            "MultipartUpload": {"Parts": self._parts(source)},
        }
        if not self.compatible:
            request["IfNoneMatch"] = "*"
        try:
            with translated(self.store, key):
                self._demand_absent(key)
                self.client.complete_multipart_upload(**request)
        except (ObjectExists, TransferDamaged):
            self._abandon(key, upload_id)
            source.notes.forget()
            raise

    def _demand_absent(self, key: str) -> None:
        """Look before the leap: not every store can do both in one."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
        else:
            raise ObjectExists(f"{self.store}: {key}: exists already")

    def _parts(self, source: Source) -> "list[CompletedPartTypeDef]":
        parts: list[CompletedPartTypeDef] = []
        for number, etag in sorted(source.notes.etags().items()):
            part: CompletedPartTypeDef = {"PartNumber": number, "ETag": etag}
            if not self.compatible:
                part["ChecksumSHA256"] = _checksum(number, source)
            parts.append(part)
        return parts

    def _abandon(self, key: str, upload_id: str) -> None:
        try:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise


def content_md5(source: Source, start: int, size: int) -> str:
    """Return the Content-MD5 of a stretch; it guards the way only, for stores without SHA-256."""
    digest = hashlib.md5(usedforsecurity=False)
    with open_slice(source.path, start, size, source.on_block) as body:
        while block := body.read(1 << 20):
            digest.update(block)
    return base64.b64encode(digest.digest()).decode()


def _size_of(number: int, source: Source) -> int:
    start = (number - 1) * source.digest.part_bytes
    return min(source.digest.part_bytes, source.digest.size - start)


def _checksum(number: int, source: Source) -> str:
    return base64.b64encode(source.digest.part_sha256[number - 1]).decode()
