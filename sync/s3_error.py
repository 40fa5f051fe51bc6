"""What the errors of the S3 library mean for us."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - the library's, not Python's
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)
from botocore.parsers import ResponseParserError

from sync.error import (
    ObjectExists,
    StoreAway,
    StoreRefused,
    SyncError,
    TransferDamaged,
)

_DAMAGE: Final = frozenset(
    {
        "BadDigest",
        "ContentSHA256Mismatch",
        "IncompleteBody",
        "InvalidDigest",
        "InvalidPart",
        "InvalidPartOrder",
        "EntityTooSmall",
        "NoSuchUpload",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)
"""Source: Amazon S3 API Reference, "Error responses"; the answer to all is to send again."""
_BUSY: Final = frozenset({"OperationAborted", "RequestTimeout", "ConditionalRequestConflict"})
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_PRECONDITION_FAILED: Final = 412
_ADVICE: Final = {
    "AccessDenied": "the store's keys may not do this",
    "InvalidAccessKeyId": "the store does not know the access key",
    "NoSuchBucket": "there is no such bucket",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "403": "the store's keys may not do this, or are wrong",
}
_CREDENTIALS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
)


@contextmanager
def translated(store: str, subject: str) -> Iterator[None]:
    """Raise the library's errors as ours: one sentence with store and subject."""
    where = f"{store}: {subject}"
    try:
        yield
    except ClientError as error:
        raise _of_answer(where, error) from error
    except HTTPClientError as error:
        cause = error.kwargs.get("error")
        if isinstance(cause, SyncError):  # raised by our own file while the library read from it
            raise cause from error
        raise StoreAway(f"{where}: {error}") from error
    except FlexibleChecksumError as error:
        raise TransferDamaged(f"{where}: {error}") from error
    except SSLError as error:
        kind = StoreRefused if "CERTIFICATE_VERIFY_FAILED" in str(error) else StoreAway
        raise kind(f"{where}: {error}") from error
    except (ConnectionError, IncompleteReadError, ResponseParserError) as error:
        raise StoreAway(f"{where}: {error}") from error
    except _CREDENTIALS as error:
        raise StoreRefused(f"{store}: no usable keys: {error}") from error
    except BotoCoreError as error:
        raise StoreRefused(f"{where}: {error}") from error


def code_of(error: ClientError) -> str:
    """Return S3's name of an error, such as NoSuchKey, or the HTTP status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(where: str, error: ClientError) -> SyncError:
    code = code_of(error)
    answer = error.response.get("Error", {}).get("Message") or "no reason given"
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = f"{where}: {_ADVICE.get(code, answer)} ({code})"
    if status == _PRECONDITION_FAILED:
        return ObjectExists(text)
    if code in _DAMAGE:
        return TransferDamaged(text)
    if (
        code in _BUSY
        or status == _TOO_MANY
        or (status >= _SERVER_ERROR and code != "NotImplemented")
    ):
        return StoreAway(text)
    return StoreRefused(text)
