"""What every store promises, tried on every store there is."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync.delivery import deliver
from sync.error import (
    ObjectConflict,
    ObjectExists,
    SourceChanged,
    SyncError,
    TransferDamaged,
    UploadStopped,
)
from sync.open_store import open_store
from sync.s3_trust import checks_what_it_gets
from sync.store import Store, StoredObject
from sync.store_config import FolderStoreConfig, S3StoreConfig, StoreConfig
from sync.upload_ledger import UploadLedger
from tests.seaweed import BUCKET, Seaweed, raw_client, store_keys
from tests.sync.sending import MIB, Sender, write_random

BIG = 17 * MIB  # two parts
KINDS = ("folder", "s3-http", "s3-https", "s3-compatible")
ATOMIC_KINDS = ("folder", "s3-http", "s3-https")


@pytest.fixture(scope="module")
def config(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    seaweed: Seaweed,
    certificate: tuple[Path, Path],
) -> StoreConfig:
    kind: str = request.param
    if kind == "folder":
        return FolderStoreConfig(kind="folder", path=tmp_path_factory.mktemp("store"))
    if kind == "s3-https":
        return S3StoreConfig(
            kind="s3", bucket=BUCKET, endpoint=seaweed.https_endpoint, ca_file=certificate[0]
        )
    return S3StoreConfig(
        kind="s3",
        bucket=BUCKET,
        endpoint=seaweed.endpoint,
        compatible=kind == "s3-compatible",
    )


@pytest.fixture(scope="module")
def store(config: StoreConfig) -> Iterator[Store]:
    """A connected store, which all tests of its kind share; each has a folder of its own."""
    with store_keys():
        opened = open_store(config)
        opened.identity(None)
        yield opened
        opened.close()


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with UploadLedger(tmp_path / "uploads.sqlite") as ledger:
        yield Sender(ledger)


@pytest.fixture
def folder() -> str:
    """A part of the store for one test."""
    return f"tests/{uuid.uuid4()}"


def content_of(store: Store, key: str) -> bytes:
    return b"".join(store.read(key))


every_store = pytest.mark.parametrize("config", KINDS, indirect=True, scope="module")
every_atomic_store = pytest.mark.parametrize("config", ATOMIC_KINDS, indirect=True, scope="module")


@every_store
def test_what_is_not_there_is_none(store: Store, folder: str) -> None:
    assert store.head(f"{folder}/nothing.mkv") is None


@every_store
@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_a_small_file_comes_back_as_it_was(
    store: Store, sender: Sender, folder: str, tmp_path: Path, size: int
) -> None:
    path = write_random(tmp_path / "small.csv", size)
    store.put(f"{folder}/small.csv", sender.source(path))
    stored = store.head(f"{folder}/small.csv")
    assert stored is not None
    assert stored.size == size
    assert stored.sha256 in {None, hashlib.sha256(path.read_bytes()).hexdigest()}
    assert content_of(store, f"{folder}/small.csv") == path.read_bytes()
    assert sum(sender.sent) == size


@every_store
def test_a_big_file_comes_back_as_it_was(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    path = write_random(tmp_path / "big.mkv", BIG)
    store.put(f"{folder}/big.mkv", sender.source(path))
    stored = store.head(f"{folder}/big.mkv")
    assert stored is not None
    assert stored.size == BIG
    assert stored.composite in {None, sender.source(path).digest.composite}
    assert content_of(store, f"{folder}/big.mkv") == path.read_bytes()
    assert sum(sender.sent) == BIG


@pytest.mark.parametrize("config", ["s3-http", "s3-https"], indirect=True)
def test_s3_confirms_content_by_its_own_checksum(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    small = write_random(tmp_path / "small.csv", 1000)
    big = write_random(tmp_path / "big.mkv", BIG)
    store.put(f"{folder}/small.csv", sender.source(small))
    store.put(f"{folder}/big.mkv", sender.source(big))
    of_small, of_big = store.head(f"{folder}/small.csv"), store.head(f"{folder}/big.mkv")
    assert of_small == StoredObject(1000, hashlib.sha256(small.read_bytes()).hexdigest())
    assert of_big == StoredObject(BIG, None, sender.source(big).digest.composite)


@every_store
@pytest.mark.parametrize("size", [2000, BIG])
def test_an_object_is_never_replaced(
    store: Store, sender: Sender, folder: str, tmp_path: Path, size: int
) -> None:
    first = write_random(tmp_path / "first.mkv", 1000, seed=1)
    second = write_random(tmp_path / "second.mkv", size, seed=2)
    store.put(f"{folder}/x.mkv", sender.source(first))
    with pytest.raises(ObjectExists):
        store.put(f"{folder}/x.mkv", sender.source(second))
    assert content_of(store, f"{folder}/x.mkv") == first.read_bytes()
    assert store.drop_orphans(folder, set(), -10.0) == 0


@every_atomic_store
def test_of_writers_at_once_one_wins(config: StoreConfig, folder: str, tmp_path: Path) -> None:
    start = threading.Barrier(3)
    outcomes: list[str] = []

    def write(number: int) -> None:
        path = write_random(tmp_path / f"{number}.csv", 50_000, seed=number)
        store = open_store(config)
        with UploadLedger(tmp_path / f"{number}.sqlite") as ledger:
            source = Sender(ledger).source(path)
            store.identity(None)
            start.wait(20)
            try:
                store.put(f"{folder}/raced.csv", source)
                outcomes.append(path.name)
            except SyncError as error:
                outcomes.append(type(error).__name__)
        store.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    winners = [outcome for outcome in outcomes if outcome.endswith(".csv")]
    assert (len(outcomes), len(winners)) == (3, 1)
    store = open_store(config)
    assert content_of(store, f"{folder}/raced.csv") == (tmp_path / winners[0]).read_bytes()
    store.close()


@every_store
@pytest.mark.parametrize("size", [2000, BIG])
def test_a_broken_off_put_leaves_no_object(
    store: Store, sender: Sender, folder: str, tmp_path: Path, size: int
) -> None:
    source = sender.source(write_random(tmp_path / "x.mkv", size))
    sender.on_block_error = UploadStopped("asked to stop")
    with pytest.raises(UploadStopped):
        store.put(f"{folder}/x.mkv", source)
    assert store.head(f"{folder}/x.mkv") is None
    assert sender.sent == []


@every_store
def test_unfinished_uploads_are_removed_but_not_those_that_go_on(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    source = sender.source(write_random(tmp_path / "x.mkv", BIG))
    sender.on_block_error = UploadStopped("asked to stop")
    with pytest.raises(UploadStopped):
        store.put(f"{folder}/x.mkv", source)
    kept = {source.notes.upload_id} - {None}
    assert store.drop_orphans(folder, [name for name in kept if name], -10.0) == 0
    assert store.drop_orphans(folder, [], 86_400.0) == 0
    assert store.drop_orphans(folder, [], -10.0) == len(kept)
    sender.on_block_error = None
    deliver(store, f"{folder}/x.mkv", source)


def test_a_probe_that_was_killed_is_removed_when_it_is_old(seaweed: Seaweed) -> None:
    def die(**_: object) -> None:
        raise UploadStopped("killed before the probe was aborted")

    prefix = f"probe-{uuid.uuid4()}"
    config = S3StoreConfig(kind="s3", bucket=BUCKET, endpoint=seaweed.endpoint, prefix=prefix)
    with closing(raw_client(seaweed.endpoint)) as client, closing(open_store(config)) as store:
        client.meta.events.register("before-call.s3.AbortMultipartUpload", die)
        with pytest.raises(UploadStopped):
            checks_what_it_gets(client, BUCKET, store.name, prefix)
        assert store.drop_orphans(f"{prefix}/north/rack-1", [], 86_400.0) == 0
        assert store.drop_orphans(f"{prefix}/north/rack-1", [], -10.0) == 1
        assert store.drop_orphans(f"{prefix}/north/rack-1", [], -10.0) == 0


@every_store
def test_a_source_that_is_gone_or_shorter_is_said_to_be(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    gone = write_random(tmp_path / "gone.csv", 1000)
    shorter = write_random(tmp_path / "shorter.csv", 2_000_000)
    sources = [sender.source(gone), sender.source(shorter)]
    gone.unlink()
    shorter.write_bytes(b"short")
    for source in sources:
        with pytest.raises(SourceChanged, match=source.path.name):
            store.put(f"{folder}/{source.path.name}", source)
        assert store.head(f"{folder}/{source.path.name}") is None


@every_atomic_store
def test_a_source_with_other_content_does_not_arrive(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    path = write_random(tmp_path / "x.csv", 5000, seed=1)
    source = sender.source(path)
    write_random(path, 5000, seed=2)
    with pytest.raises(TransferDamaged):
        store.put(f"{folder}/x.csv", source)
    assert store.head(f"{folder}/x.csv") is None


@every_store
@pytest.mark.parametrize("size", [2000, BIG])
def test_what_is_there_already_is_compared_and_not_sent(
    store: Store, sender: Sender, folder: str, tmp_path: Path, size: int
) -> None:
    path = write_random(tmp_path / "x.mkv", size)
    deliver(store, f"{folder}/x.mkv", sender.source(path))
    sender.sent.clear()
    deliver(store, f"{folder}/x.mkv", sender.source(path))
    assert sender.sent == []


@every_store
def test_other_content_of_the_same_size_is_a_conflict(
    store: Store, sender: Sender, folder: str, tmp_path: Path
) -> None:
    first = write_random(tmp_path / "first.csv", 1000, seed=1)
    second = write_random(tmp_path / "second.csv", 1000, seed=2)
    deliver(store, f"{folder}/x.csv", sender.source(first))
    with pytest.raises(ObjectConflict, match="holds another object"):
        deliver(store, f"{folder}/x.csv", sender.source(second))
    assert content_of(store, f"{folder}/x.csv") == first.read_bytes()


@every_store
def test_a_store_is_the_same_store_tomorrow(config: StoreConfig) -> None:
    first, second = open_store(config), open_store(config)
    identity = first.identity(None)
    assert second.identity(identity) == identity
    first.close()
    second.close()
