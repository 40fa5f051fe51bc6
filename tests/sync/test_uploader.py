"""The uploader against a real store, good lines and bad ones."""

import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from sync.open_store import open_store
from sync.store import Store
from sync.store_config import FolderStoreConfig, S3StoreConfig
from tests.seaweed import BUCKET, Seaweed, raw_client, store_keys
from tests.sync.rack import DAY, STEM, Rack, Session
from tests.sync.sending import MIB
from tests.tcp_proxy import TcpProxy

PART: Final = 16 * MIB


@pytest.fixture
def rack(tmp_path: Path) -> Rack:
    return Rack(tmp_path, f"recordings/north/{uuid.uuid4()}")


@pytest.fixture
def proxy(seaweed: Seaweed) -> Iterator[TcpProxy]:
    with TcpProxy(seaweed.port) as running:
        yield running


def s3_store(endpoint: str, *, compatible: bool = False) -> Store:
    return open_store(
        S3StoreConfig(kind="s3", bucket=BUCKET, endpoint=endpoint, compatible=compatible)
    )


def objects(seaweed: Seaweed, rack: Rack) -> dict[str, str]:
    """Return the SHA-256 of every object of the rack, by key, read from outside."""
    with closing(raw_client(seaweed.endpoint)) as client:
        found = client.list_objects_v2(Bucket=BUCKET, Prefix=rack.rack).get("Contents", [])
        return {
            entry["Key"]: hashlib.sha256(
                client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            ).hexdigest()
            for entry in found
        }


def unfinished(seaweed: Seaweed, rack: Rack) -> int:
    with closing(raw_client(seaweed.endpoint)) as client:
        found = client.list_multipart_uploads(Bucket=BUCKET, Prefix=rack.rack)
        return len(found.get("Uploads", []))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_finished_segment_arrives_whole_and_is_verified(seaweed: Seaweed, rack: Rack) -> None:
    files = [
        rack.add(f"{STEM}.mkv", 17 * MIB, seed=1),
        rack.add(f"{STEM}.csv", 5000, seed=2),
        rack.add(f"{STEM}.json", 700, seed=3),
    ]
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.drain()
        backlog = session.uploader.progress.backlog
    assert objects(seaweed, rack) == {rack.key(path.name): sha256(path) for path in files}
    assert (backlog.verified_files, backlog.waiting_bytes, backlog.conflicts) == (3, 0, 0)
    assert unfinished(seaweed, rack) == 0


def test_what_is_not_finished_or_not_ours_stays(seaweed: Seaweed, rack: Rack) -> None:
    rack.add("01_20261122_120000.mkv.part", 100)
    rack.add("01_20261122_120000.journal.part", 100)
    rack.add("holiday picture.jpg", 100)
    (rack.data / ".state").mkdir()
    (rack.data / ".state" / "x.json").write_text("{}")
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.until(lambda: session.uploader.progress.is_reachable is True)
        session.drain()
        assert session.ledger.known() == {}
    assert objects(seaweed, rack) == {}


def test_older_days_go_first_and_in_a_day_small_files_before_videos(
    seaweed: Seaweed, rack: Rack, caplog: pytest.LogCaptureFixture
) -> None:
    for day in ("2026-11-22", "2026-11-21"):
        for suffix in ("mkv", "json", "csv"):
            rack.add(f"x.{suffix}", 10, day=day)
    caplog.set_level(logging.INFO, "sync.uploader")
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.until(lambda: session.uploader.progress.backlog.verified_files == 6)
    said = [record.getMessage() for record in caplog.records]
    assert [text.removeprefix(f"{rack.rack}/01/") for text in said if "verified" in text] == [
        "2026-11-21/x.csv: verified, 10 bytes",
        "2026-11-21/x.json: verified, 10 bytes",
        "2026-11-21/x.mkv: verified, 10 bytes",
        "2026-11-22/x.csv: verified, 10 bytes",
        "2026-11-22/x.json: verified, 10 bytes",
        "2026-11-22/x.mkv: verified, 10 bytes",
    ]


def test_a_store_that_is_away_is_asked_until_it_answers(
    mortal_seaweed: Seaweed, rack: Rack
) -> None:
    mortal_seaweed.kill()
    path = rack.add(f"{STEM}.csv", 5000)
    with rack.uploading(s3_store(mortal_seaweed.endpoint)) as session:
        session.until(lambda: session.uploader.progress.is_reachable is False)
        assert session.uploader.progress.backlog.waiting_files == 1
        assert mortal_seaweed.endpoint in session.uploader.progress.reason
        mortal_seaweed.start()
        session.drain()
        assert session.uploader.progress.is_reachable
        assert session.uploader.progress.reason == ""
    assert objects(mortal_seaweed, rack) == {rack.key(path.name): sha256(path)}


def test_a_store_killed_in_the_middle_gets_only_the_missing_parts(
    mortal_seaweed: Seaweed, rack: Rack
) -> None:
    path = rack.add(f"{STEM}.mkv", 3 * PART + 5)
    with TcpProxy(mortal_seaweed.port) as proxy:
        proxy.pass_bytes = 2 * PART + PART // 2  # the line stalls in the third part
        with rack.uploading(s3_store(proxy.endpoint)) as session, working(rack, session):
            wait_for(lambda: proxy.pass_bytes is not None and proxy.pass_bytes <= 0)
            mortal_seaweed.kill()
            before = proxy.upstream_bytes
            proxy.pass_bytes = None
            wait_for(lambda: session.uploader.progress.is_reachable is False)
            waiting_bytes = session.uploader.progress.backlog.waiting_bytes
            mortal_seaweed.start()
            wait_for(
                lambda: advance(rack) and session.uploader.progress.backlog.verified_files == 1
            )
        after = proxy.upstream_bytes - before
    assert waiting_bytes == PART + 5
    assert PART < after < PART + PART // 2
    assert objects(mortal_seaweed, rack) == {rack.key(path.name): sha256(path)}
    assert unfinished(mortal_seaweed, rack) == 0


def test_a_spoiled_transfer_is_never_verified(
    seaweed: Seaweed, rack: Rack, proxy: TcpProxy
) -> None:
    files = [rack.add(f"{STEM}.mkv", PART + 9000, seed=1), rack.add(f"{STEM}.csv", 50_000, seed=2)]
    proxy.flip_upstream = True
    with rack.uploading(s3_store(proxy.endpoint)) as session:
        session.until(lambda: advance(rack) and all(attempts(session, path) >= 2 for path in files))
        assert session.uploader.progress.backlog.verified_files == 0
        assert objects(seaweed, rack) == {}
        proxy.flip_upstream = False
        session.until(
            lambda: advance(rack) and session.uploader.progress.backlog.verified_files == 2
        )
    assert objects(seaweed, rack) == {rack.key(path.name): sha256(path) for path in files}


def test_a_spoiled_read_back_is_never_taken_for_the_file(rack: Rack, proxy: TcpProxy) -> None:
    rack.add(f"{STEM}.csv", 50_000)
    proxy.flip_downstream = True
    with rack.uploading(s3_store(proxy.endpoint, compatible=True)) as session:
        session.drain()
        assert session.uploader.progress.backlog.verified_files == 0
        proxy.flip_downstream = False
        rack.now += timedelta(hours=1)
        session.until(lambda: session.uploader.progress.backlog.verified_files == 1)
        assert session.uploader.progress.backlog.conflicts == 0


def test_another_writers_object_is_left_alone_and_shown(seaweed: Seaweed, rack: Rack) -> None:
    mine = rack.add(f"{STEM}.csv", 5000)
    key = rack.key(mine.name)
    with closing(raw_client(seaweed.endpoint)) as client:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"somebody else's")
        with rack.uploading(s3_store(seaweed.endpoint)) as session:
            session.drain()
            progress = session.uploader.progress
            assert (progress.backlog.conflicts, progress.backlog.verified_files) == (1, 0)
            assert key in progress.reason
            assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"somebody else's"
            # A person moves it out of the way; within the hour it is looked at again.
            client.delete_object(Bucket=BUCKET, Key=key)
            rack.now += timedelta(hours=1)
            session.until(lambda: session.uploader.progress.backlog.verified_files == 1)
    assert objects(seaweed, rack) == {key: sha256(mine)}


@pytest.mark.parametrize("damage", ["deleted", "overwritten"])
def test_a_lost_ledger_is_made_again_without_sending_anything(
    rack: Rack, proxy: TcpProxy, damage: str
) -> None:
    rack.add(f"{STEM}.mkv", PART + 5, seed=1)
    rack.add(f"{STEM}.csv", 5000, seed=2)
    with rack.uploading(s3_store(proxy.endpoint)) as session:
        session.drain()
    {"deleted": Path.unlink, "overwritten": lambda path: path.write_bytes(b"\x55" * 8192)}[damage](
        rack.ledger_path
    )
    before = proxy.upstream_bytes
    with rack.uploading(s3_store(proxy.endpoint)) as session:
        session.drain()
        assert session.uploader.progress.backlog.verified_files == 2
    assert proxy.upstream_bytes - before < 20_000
    aside = list(rack.ledger_path.parent.glob("uploads.sqlite.damaged-*Z"))
    assert len(aside) == (damage != "deleted")


def test_another_store_gets_everything_again(seaweed: Seaweed, rack: Rack, tmp_path: Path) -> None:
    path = rack.add(f"{STEM}.csv", 5000)
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.drain()
    (tmp_path / "server").mkdir()
    folder = FolderStoreConfig(kind="folder", path=tmp_path / "server")
    with rack.uploading(open_store(folder)) as session:
        session.until(lambda: session.uploader.progress.backlog.verified_files == 1)
    assert (tmp_path / "server" / rack.key(path.name)).read_bytes() == path.read_bytes()


def test_a_server_that_is_not_mounted_is_not_taken_for_an_empty_store(
    rack: Rack, tmp_path: Path
) -> None:
    server = tmp_path / "server"
    server.mkdir()
    rack.add(f"{STEM}.csv", 5000)
    store = open_store(FolderStoreConfig(kind="folder", path=server))
    with rack.uploading(store) as session:
        session.drain()
        server.rename(tmp_path / "elsewhere")
        server.mkdir()
        rack.add(f"{STEM}.json", 700)
        session.uploader._scan_due_s = 0.0
        session.until(lambda: session.uploader.progress.is_reachable is False)
        assert "is the server mounted?" in session.uploader.progress.reason
        assert list(server.iterdir()) == []
        server.rmdir()
        (tmp_path / "elsewhere").rename(server)
        session.until(
            lambda: advance(rack) and session.uploader.progress.backlog.waiting_files == 0
        )
        assert session.uploader.progress.backlog.verified_files == 2


def test_a_file_that_changes_or_vanishes_is_said_and_followed(
    seaweed: Seaweed, rack: Rack, caplog: pytest.LogCaptureFixture
) -> None:
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        changing = rack.add("changing.csv", 5000, seed=1)
        vanishing = rack.add("vanishing.csv", 5000, seed=2)
        session.uploader._scan()
        rack.add("changing.csv", 6000, seed=3)
        vanishing.unlink()
        session.until(
            lambda: advance(rack) and session.uploader.progress.backlog.verified_files == 1
        )
        session.drain()
    assert objects(seaweed, rack) == {rack.key(changing.name): sha256(changing)}
    assert "changing.csv: changed after it was finished" in caplog.text
    assert "vanishing.csv: vanished before it was uploaded" in caplog.text


@pytest.mark.parametrize(
    ("access", "secret", "said"),
    [
        ("", "", "no usable keys"),
        ("nobody", "wrong", "the store does not know the access key"),
        ("access", "wrong", "the secret key is wrong"),
    ],
)
def test_missing_or_wrong_keys_are_one_clear_sentence(
    seaweed: Seaweed,
    rack: Rack,
    access: str,
    secret: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rack.add(f"{STEM}.csv", 10)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with store_keys(access, secret), rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.until(lambda: session.uploader.progress.is_reachable is False)
        reason = session.uploader.progress.reason
    assert said in reason
    assert "\n" not in reason
    assert reason.startswith(f"s3://{BUCKET} at {seaweed.endpoint}: ")


def test_keys_come_from_a_systemd_credential(
    seaweed: Seaweed, rack: Rack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = tmp_path / "credentials" / "ethoprofiler-store"
    credential.parent.mkdir()
    credential.write_text(
        "[default]\naws_access_key_id = access\naws_secret_access_key = secret-of-the-tests\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credential.parent))
    with store_keys("", ""), rack.uploading(s3_store(seaweed.endpoint)) as session:
        rack.add(f"{STEM}.csv", 10)
        session.drain()
        assert session.uploader.progress.backlog.verified_files == 1


def test_a_day_gets_its_inventory_once_it_is_settled(seaweed: Seaweed, rack: Rack) -> None:
    video, labels = rack.add(f"{STEM}.mkv", 100, seed=1), rack.add(f"{STEM}.csv", 50, seed=2)
    late = rack.add("01_20261122_180000.mkv.part", 80, seed=3)
    key = f"{rack.rack}/inventory/{DAY}.json"
    with rack.uploading(s3_store(seaweed.endpoint)) as session:
        session.drain()
        rack.now += timedelta(hours=6, minutes=59)  # 00:59 of the next day
        late.rename(late.with_suffix(""))
        rescan(session)
        assert key not in objects(seaweed, rack)
        rack.now += timedelta(minutes=1)
        rescan(session)
        assert sorted(objects(seaweed, rack)) == sorted(
            [*(rack.key(p.name) for p in (video, labels, late.with_suffix(""))), key]
        )
    document = json.loads((rack.data / "inventory" / f"{DAY}.json").read_text())
    assert document["schema"] == "ethoprofiler.inventory/1"
    assert document["files"][0] == {
        "key": rack.key(labels.name),
        "size": 50,
        "sha256": sha256(labels),
    }


@contextmanager
def working(rack: Rack, session: Session) -> Iterator[None]:
    """Let the uploader work in a thread of its own while the block runs."""
    thread = threading.Thread(target=session.uploader.run)
    thread.start()
    try:
        yield
    finally:
        rack.stop.set()
        thread.join(70)


def wait_for(is_done: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 40
    while not is_done():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def attempts(session: Session, path: Path) -> int:
    return session.ledger.attempts(f"01/{DAY}/{path.name}")


def advance(rack: Rack) -> bool:
    """Let the rack's clock pass every delay of a file."""
    rack.now += timedelta(minutes=6)
    return True


def rescan(session: Session) -> None:
    session.uploader._scan()
    session.drain()
    session.uploader._scan()
    session.drain()
