"""Model files say what they are and answer as the network they were made from."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inference.classifier import Classifier
from inference.determinism import check_determinism, random_stacks
from inference.error import ModelError
from inference.model_card import METADATA_KEY, SEAL_KEY, ModelCard
from inference.preprocessing import Gray
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.export import Attribution, export_model
from inference.train.multiplication import count_multiplications
from inference.train.parity import compare

ATTRIBUTION = Attribution("lite", "7", "random weights", "none", {"macro_accuracy": 0.125})


@pytest.fixture
def network() -> EthoCNNLite:
    """Return a network whose batch norms have seen something."""
    torch.manual_seed(2)
    network = EthoCNNLite().train()
    with torch.no_grad():
        network.forward(torch.rand(8, 11, 128, 256))
    return network.eval()


def test_the_file_carries_the_card_and_the_seal_as_properties(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    path = tmp_path / "lite.onnx"
    card = export_model(network, ATTRIBUTION, path)
    properties = {item.key: item.value for item in onnx.load(path).metadata_props}
    assert list(properties) == [METADATA_KEY, SEAL_KEY]
    assert ModelCard.model_validate_json(properties[METADATA_KEY]) == card
    assert (card.name, card.version, card.evaluation) == ("lite", "7", {"macro_accuracy": 0.125})
    assert card.parameters == 843_208


def test_the_card_counts_the_multiplications_of_the_shapes(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    card = export_model(network, ATTRIBUTION, tmp_path / "lite.onnx")
    by_hand = (
        32 * 64 * 32 * 11 * 36  # stem: height, width, filters, frames, kernel
        + 16 * 32 * 64 * 32 * 9
        + 16 * 32 * 64 * 64 * 9
        + 8 * 16 * 96 * 64 * 9
        + 8 * 16 * 96 * 96 * 9
        + 4 * 8 * 128 * 96 * 9
        + 128 * 4 * 8 * 128
        + 128 * 8
    )
    assert card.multiplications == by_hand


def test_the_same_weights_give_the_same_bytes(network: EthoCNNLite, tmp_path: Path) -> None:
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    export_model(network, ATTRIBUTION, first)
    export_model(network, ATTRIBUTION, second)
    assert first.read_bytes() == second.read_bytes()


def test_the_file_answers_as_the_network(network: EthoCNNLite, tmp_path: Path) -> None:
    path = tmp_path / "lite.onnx"
    export_model(network, ATTRIBUTION, path)
    parity = compare(network, Classifier(path, "cpu"), random_stacks(20, (11, 128, 256), seed=4))
    assert parity.stacks == 20
    assert parity.agreement == 1
    assert parity.largest_difference < 1e-5


def test_a_file_of_other_weights_does_not_pass_for_the_network(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    path = tmp_path / "lite.onnx"
    export_model(network, ATTRIBUTION, path)
    with torch.no_grad():
        network.output.bias.add_(torch.arange(8))
    parity = compare(network, Classifier(path, "cpu"), random_stacks(4, (11, 128, 256), seed=4))
    assert parity.largest_difference > 0.1


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    path = tmp_path / "lite.onnx"
    export_model(network, ATTRIBUTION, path)
    check_determinism(Classifier(path, "cpu"))


def test_an_answer_that_changes_from_run_to_run_is_found(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    class Drifting(Classifier):
        """Adds a last bit to every third answer."""

        runs = 0

        def probabilities(self, stacks: Gray) -> NDArray[np.float64]:
            self.runs += 1
            answers = super().probabilities(stacks)
            return np.nextafter(answers, 1) if self.runs % 3 == 0 else answers

    path = tmp_path / "lite.onnx"
    export_model(network, ATTRIBUTION, path)
    with pytest.raises(ModelError, match=r"^lite: a stack's answer is not always the same"):
        check_determinism(Drifting(path, "cpu"))


def test_the_small_network_judges_one_stack_a_run(network: EthoCNNLite, tmp_path: Path) -> None:
    assert export_model(network, ATTRIBUTION, tmp_path / "lite.onnx").batch == 1


def test_one_answer_that_is_no_number_is_no_small_difference(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    path = tmp_path / "lite.onnx"
    export_model(network, ATTRIBUTION, path)
    network.state_dict()["stem_norm.running_var"].fill_(-1)
    stacks = random_stacks(2, (11, 128, 256), seed=4)
    assert np.isnan(compare(network, Classifier(path, "cpu"), stacks).largest_difference)


def test_a_card_that_breaks_the_rules_is_refused_before_anything_is_written(
    network: EthoCNNLite, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="model card: name"):
        export_model(network, Attribution("No Spaces", "1", "", ""), tmp_path / "lite.onnx")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_sentence(network: EthoCNNLite, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lite\.onnx cannot be written: No such file"):
        export_model(network, ATTRIBUTION, tmp_path / "none" / "lite.onnx")


def test_products_of_matrices_are_counted_with_their_batch() -> None:
    left = helper.make_tensor_value_info("left", TensorProto.FLOAT, [3, 5, 7])
    right = helper.make_tensor_value_info("right", TensorProto.FLOAT, [7, 11])
    result = helper.make_tensor_value_info("result", TensorProto.FLOAT, [3, 5, 11])
    node = helper.make_node("MatMul", ["left", "right"], ["result"])
    model = helper.make_model(helper.make_graph([node], "g", [left, right], [result]))
    assert count_multiplications(model) == np.prod([3, 5, 7, 11])
