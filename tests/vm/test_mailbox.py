"""How the guest's tests ask their host."""

from pathlib import Path

import pytest

from tests.vm.error import MachineError
from tests.vm.mailbox import Answer, Question, answering, ask


def test_every_question_gets_its_own_answer_and_leaves_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "bench"

    def echo(question: Question) -> Answer:
        return {"heard": question["ask"]}

    with answering(folder, echo):
        said = [ask(folder, {"ask": word}, timeout_s=5)["heard"] for word in ("plug", "pull")]
    assert said == ["plug", "pull"]
    assert list(folder.iterdir()) == []


def test_what_the_host_cannot_do_is_told_in_its_words(tmp_path: Path) -> None:
    def refuse(_question: Question) -> Answer:
        raise MachineError("no such port")

    with (
        answering(tmp_path / "bench", refuse),
        pytest.raises(MachineError, match=r"^\{'ask': 'plug'\}: no such port$"),
    ):
        ask(tmp_path / "bench", {"ask": "plug"}, timeout_s=5)


def test_a_host_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"^\{'ask': 'plug'\}: no answer in 0\.1 s$"):
        ask(tmp_path, {"ask": "plug"}, timeout_s=0.1)


def test_an_error_of_the_bench_itself_is_raised_on_the_host(tmp_path: Path) -> None:
    def break_down(_question: Question) -> Answer:
        raise ZeroDivisionError

    def ask_in_vain() -> None:
        with (
            answering(tmp_path / "bench", break_down),
            pytest.raises(MachineError, match="no answer"),
        ):
            ask(tmp_path / "bench", {"ask": "plug"}, timeout_s=0.2)

    with pytest.raises(ZeroDivisionError):
        ask_in_vain()
