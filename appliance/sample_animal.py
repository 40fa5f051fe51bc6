"""The animals of clips that were cut from recordings."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from appliance.sample_plan import Recording, SampleError
from appliance.sampled_clip import ClipOrigin
from inference.dataset.animal_table import ANIMAL_TABLE, complete_animal_table
from inference.error import DataSetError


def check_animals(recordings: Sequence[Recording], there: Sequence[ClipOrigin] = ()) -> None:
    """Raise SampleError unless each cage is one animal and each animal one cage.

    The published layout knows an animal by the number of its cage: two in one would be taken for
    one, and one in two cages for two, on both sides of a split.
    """
    pairs = {(one.cage, one.manifest.animal or "") for one in recordings}
    pairs |= {(origin.cage, origin.animal) for origin in there}
    animals, cages = defaultdict(list), defaultdict(list)
    for cage, animal in sorted(pairs):
        animals[cage].append(animal or "one without a name")
        cages[animal].append(cage)
    for cage, names in animals.items():
        if len(names) > 1:
            raise SampleError(
                f"cage {cage} held {' and '.join(names)}: choose the time of one of them, the "
                "layout knows an animal by its cage"
            )
    for animal, numbers in cages.items():
        if animal and len(numbers) > 1:
            raise SampleError(
                f"{animal} was in cages {' and '.join(numbers)}: choose one of them, the layout "
                "knows an animal by its cage"
            )


def write_animals(out: Path, recordings: Sequence[Recording]) -> None:
    """Write the strain of each cage's animal, or add what a table lacks; raises SampleError.

    What a person wrote into the table stays. Raises OSError too.
    """
    strains = {one.cage: one.manifest.strain or "" for one in recordings}
    try:
        complete_animal_table(out / ANIMAL_TABLE, strains)
    except DataSetError as error:
        raise SampleError(str(error)) from error
