"""Who acts on a rack, if nobody says."""

import pytest

from appliance.author import default_author


def test_the_author_is_who_called_sudo_else_who_is_logged_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUDO_USER", "maria")
    monkeypatch.setenv("LOGNAME", "jo" * 50)
    assert default_author() == "maria"
    monkeypatch.delenv("SUDO_USER")
    assert default_author() == ("jo" * 50)[:64]


def test_an_author_is_what_the_control_socket_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ma\x1bria")
    assert default_author() == "maria"
    monkeypatch.setenv("SUDO_USER", "\x1b")
    assert default_author() == "unknown"
