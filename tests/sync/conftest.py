"""A real store for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.seaweed import Seaweed, make_certificate, running_seaweed, store_keys


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def seaweed(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]
) -> Iterator[Seaweed]:
    """A store for tests that do not kill it; each uses keys of its own."""
    with running_seaweed(tmp_path_factory.mktemp("seaweed"), certificate) as running:
        yield running


@pytest.fixture(scope="module")
def mortal_seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A store that a test may kill if it starts it again."""
    with running_seaweed(tmp_path_factory.mktemp("mortal")) as running:
        yield running


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    """The store's keys, as a rack has them: in the environment."""
    with store_keys():
        yield
