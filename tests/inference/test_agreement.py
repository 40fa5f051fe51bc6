"""Agreement of raters, read from the files that people have."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from inference.dataset.animal_table import write_animal_table
from inference.error import DataSetError, EvaluationError, LabelFileError
from inference.evaluate.agreement import Agreement, agreement_of
from inference.evaluate.rating import Ratings
from inference.evaluate.rating_file import (
    is_bout_table,
    read_bout_raters,
    read_label_raters,
    read_reviews,
)
from inference.label_file import write_annotation
from tests.inference.judged_clips import MOMENT

GROOM, MICRO, REST, NONE = 2, 4, 6, 8
REAL_TABLE = "dlcanalyzer_AllLabDataOFT_final.csv"
NOT_BEHAVIORS = ("StartEnd", "Start/End", "_DEFAULT")
CLIP = "01_20180418_1200_s0_n{}"


def _annotate(folder: Path, name: str, codes: list[int]) -> Path:
    folder.mkdir(exist_ok=True)
    write_annotation(folder / f"{name}.csv", codes)
    return folder / f"{name}.csv"


def _agreement(ratings: Ratings) -> Agreement:
    return agreement_of(ratings, created=MOMENT, software="0.1.0")


def _agree(*arguments: Path | str) -> Agreement:
    return _agreement(read_label_raters([str(each) for each in arguments], 25))


def _plain_codes(path: Path) -> dict[str, dict[str, NDArray[np.int64]]]:
    """Return codes by rater and video, read by another way: whole milliseconds, 25 frames/s."""
    rows: dict[str, dict[str, list[tuple[int, int, str]]]] = defaultdict(lambda: defaultdict(list))
    last: dict[str, int] = defaultdict(int)
    with path.open(newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["to"] != "NA":
                bout = round(1000 * float(row["from"])), round(1000 * float(row["to"])), row["type"]
                rows[row["Experimenter"]][row["ID"]].append(bout)
                last[row["ID"]] = max(last[row["ID"]], bout[1])
    kinds = ["Grooming", "Jumping", "Supported", "Unsupported"]
    found: dict[str, dict[str, NDArray[np.int64]]] = defaultdict(dict)
    for rater, videos in rows.items():
        for video, bouts in videos.items():
            middles = np.arange(20, last[video], 40)
            codes = np.full(len(middles), len(kinds))
            for start, stop, kind in sorted(bouts):
                if kind in kinds:
                    codes[(middles >= start) & (middles < stop)] = kinds.index(kind)
            found[rater][video] = codes
    return found


def _plain_kappa(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    alike = np.mean(first == second)
    one, other = np.mean(first), np.mean(second)
    chance = one * other + (1 - one) * (1 - other)
    return float((alike - chance) / (1 - chance))


def test_three_real_raters_agree_as_scikit_learn_and_a_plain_count_say(shared_data: Path) -> None:
    path = shared_data / "annotations" / REAL_TABLE
    found = _agreement(read_bout_raters([path], 25, NOT_BEHAVIORS))
    assert (found.raters, found.clips, found.frames) == (("Furkan", "Jin", "Oliver"), 20, 300_653)
    assert found.behaviors == ("Grooming", "Jumping", "Supported", "Unsupported", "other")
    assert "line 5032 has no end" in found.remarks[0]
    plain = _plain_codes(path)
    videos = sorted(plain["Jin"])
    everything = {name: np.concatenate([plain[name][v] for v in videos]) for name in plain}
    for pair in found.pairs:
        first, second = everything[pair.first], everything[pair.second]
        assert pair.confusion == tuple(map(tuple, confusion_matrix(first, second).tolist()))
        assert pair.frame_agreement == pytest.approx(np.mean(first == second))
        assert pair.macro_agreement == pytest.approx(
            np.mean([np.mean(second[first == code] == code) for code in range(5)])
        )
        assert pair.kappa is not None
        assert pair.kappa.value == pytest.approx(cohen_kappa_score(first, second))
        for code, name in enumerate(found.behaviors):
            kappa = pair.behavior_kappas[name]
            assert kappa is not None
            assert kappa.value == pytest.approx(_plain_kappa(first == code, second == code))


def test_three_real_raters_have_these_figures(shared_data: Path) -> None:
    path = shared_data / "annotations" / REAL_TABLE
    found = _agreement(read_bout_raters([path], 25, NOT_BEHAVIORS))
    figures = {
        (pair.first, pair.second): (
            round(pair.frame_agreement, 5),
            round(pair.macro_agreement, 5),
            round(pair.kappa.value, 5) if pair.kappa else None,
            pair.bouts.all.alike.found,
        )
        for pair in found.pairs
    }
    assert figures == {
        ("Furkan", "Jin"): (0.89889, 0.76776, 0.77435, 1375),
        ("Furkan", "Oliver"): (0.90348, 0.8027, 0.78862, 1454),
        ("Jin", "Oliver"): (0.91635, 0.88107, 0.81925, 1497),
    }
    together = found.together
    assert together is not None
    assert together.fleiss_kappa == pytest.approx(0.7942613, abs=1e-6)
    assert together.alpha == pytest.approx(0.7942615, abs=1e-6)
    assert together.alpha_interval is not None
    assert together.alpha_interval.low < 0.794 < together.alpha_interval.high


def test_none_is_counted_by_what_it_was_before(tmp_path: Path) -> None:
    before = [GROOM] * 10 + [MICRO] * 10 + [REST] * 20
    after = [NONE] * 3 + [GROOM] * 7 + [NONE] * 6 + [MICRO] * 3 + [REST] * 20 + [NONE]
    found = _agree(
        _annotate(tmp_path / "a", "x", before), _annotate(tmp_path / "b", "x", after)
    ).pairs[0]
    assert found.frames == 30
    assert found.none is not None
    assert found.none.frames == 10
    assert found.none.share == 0.25
    assert found.none.by_first["micromovement"] == 6
    assert found.none.share_of_none == pytest.approx(
        dict.fromkeys(found.none.share_of_none, 0.0)
        | {"groom": 0.3, "micromovement": 0.6, "rest": 0.1}
    )
    assert found.none.share_of_behavior["groom"] == pytest.approx(0.3)
    assert found.frame_agreement == pytest.approx(29 / 30)


def test_reviews_are_counted_by_strain_and_by_review(tmp_path: Path) -> None:
    write_animal_table(tmp_path / "animals.csv", {"01": "C57BL/6", "02": "SWISS"})
    reviewed = {
        "01_20180418_1200_s0_n4": ([6, 6, 6, 6], "_map_new", [6, 6, 6, 0]),
        "02_20180418_1200_s0_n4": ([6, 6, 6, 6], "_map_new", [6, 6, 6, 6]),
        "02_20180418_1200_s9_n4": ([2, 2, 4, 4], "_map_new_v2", [2, 8, 4, 4]),
    }
    for clip, (initial, ending, review) in reviewed.items():
        _annotate(tmp_path, f"{clip}_map", initial)
        _annotate(tmp_path, f"{clip}{ending}", review)
    _annotate(tmp_path, "02_20180418_1200_s9_n4_map_new", [0, 0, 0, 0])
    _annotate(tmp_path, "03_20180418_1200_s0_n4_map", [0, 0, 0, 0])
    found = _agreement(read_reviews(tmp_path, 25))
    pair = found.pairs[0]
    assert (pair.first, pair.second, pair.frames) == ("initial", "review", 11)
    rows = {group.name: (group.frames, group.frame_accuracy) for group in pair.groups}
    assert rows == {
        "C57BL/6": (4, 0.75),
        "SWISS": (7, 1.0),
        "review 1": (8, 0.875),
        "review 2": (3, 1.0),
    }
    assert pair.none is not None
    assert pair.none.share == 0.25
    assert "clips without a review: 1" in found.remarks


def test_single_files_are_of_one_clip_whatever_their_names(tmp_path: Path) -> None:
    found = _agree(
        _annotate(tmp_path, "anna", [0, 1, 2]),
        _annotate(tmp_path, "ben", [0, 1, 1]),
        _annotate(tmp_path, "cleo", [0, 1, 1]),
    )
    assert found.raters == ("anna.csv", "ben.csv", "cleo.csv")
    assert [pair.frame_agreement for pair in found.pairs] == pytest.approx([2 / 3, 2 / 3, 1])
    assert found.together is not None
    assert "One animal" in found.remarks[0]


def test_folders_and_patterns_are_paired_by_clip(tmp_path: Path) -> None:
    for number in (1, 2):
        _annotate(tmp_path / "a", f"{CLIP.format(number)}_map", [0, 1])
        _annotate(tmp_path / "a", CLIP.format(number), [0, 0])
    _annotate(tmp_path / "b", CLIP.format(1), [0, 2])
    with pytest.raises(EvaluationError, match="two label files of one clip"):
        _agree(tmp_path / "a", tmp_path / "b")
    found = _agree(f"{tmp_path}/a/*_map.csv", tmp_path / "b")
    assert (found.clips, found.frames, found.animals) == (1, 2, 1)
    assert found.remarks[0] == (f"{CLIP.format(2)}: left out, labelled by *_map.csv but not by all")
    labels = _agree(f"{tmp_path}/a/*_map.csv", f"{tmp_path}/a/*n[0-9].csv")
    assert labels.pairs[0].frame_agreement == 0.5


def test_what_cannot_be_compared_is_one_sentence(tmp_path: Path) -> None:
    three = _annotate(tmp_path / "a", "x", [0, 1, 2])
    two = _annotate(tmp_path / "b", "x", [0, 1])
    other = _annotate(tmp_path / "c", "y", [0, 1])
    with pytest.raises(EvaluationError, match=r"has 3 frames by .*a/x.csv, 2 by .*b/x.csv"):
        _agree(three, two)
    with pytest.raises(EvaluationError, match="no clip was labelled by all raters; x: left out"):
        _agree(tmp_path / "a", other.parent)
    with pytest.raises(EvaluationError, match="two raters or more"):
        _agree(three)
    with pytest.raises(EvaluationError, match="given twice"):
        _agree(three, three)
    with pytest.raises(EvaluationError, match="has no review"):
        read_reviews(tmp_path / "a", 25)
    with pytest.raises(EvaluationError, match="has no label file"):
        _agree(three, f"{tmp_path}/*_nothing.csv")
    (tmp_path / "text.csv").write_text("hello")
    with pytest.raises(LabelFileError, match=r"text\.csv: line 2"):
        _agree(three, tmp_path / "text.csv")
    nothing = _annotate(tmp_path, "none", [8, 8, 8])
    with pytest.raises(EvaluationError, match="no frame that both"):
        _agree(three, nothing)


def test_tables_of_bouts_need_raters_of_the_same_videos(tmp_path: Path) -> None:
    table = tmp_path / "anna.csv"
    table.write_text("video;from;to;type\nv1;0;1;run\nv1;2;4;dig\n")
    other = tmp_path / "ben.csv"
    other.write_text("video;from;to;type\nv1;0;1;run\nv1;2;3;dig\nv2;0;1;run\n")
    assert is_bout_table(table)
    assert not is_bout_table(_annotate(tmp_path, "x", [0]))
    ratings = read_bout_raters([table, other], 10)
    found = _agreement(ratings)
    assert found.behaviors == ("dig", "run", "other")
    assert found.pairs[0].confusion == ((10, 0, 10), (0, 10, 0), (0, 0, 10))
    assert [each.behavior for each in found.pairs[0].bouts.behaviors] == ["dig", "run"]
    assert found.remarks[0] == "v2: left out, labelled by ben but not by all"
    assert found.pairs[0].none is None
    without = _agreement(read_bout_raters([table, other], 10, ["dig"]))
    assert without.pairs[0].frame_agreement == 1
    with pytest.raises(EvaluationError, match="no bout called rest, only dig, run"):
        read_bout_raters([table, other], 10, ["rest"])
    with pytest.raises(EvaluationError, match="anna labelled v1 in two tables"):
        read_bout_raters([table, table], 10)
    with pytest.raises(DataSetError):
        read_bout_raters([tmp_path / "missing.csv"], 10)
