"""What several people's libraries on one map have to do with each other, as the site's file ``people.json``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.emit.columns import clean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from spotmap_build.atlas import Atlas

    Int64Array = npt.NDArray[np.int64]

PEOPLE_FILE: Final = "people.json"
PEOPLE_SCHEMA: Final = "spotmap.people/1"


def encode_people(atlas: Atlas, number_of_row: Int64Array) -> dict[str, bytes]:
    """Return the file by name; none where no people were compared."""
    found, numbers = atlas.people, number_of_row.tolist()
    if not found.pairs:
        return {}
    pairs = [
        {
            "people": [clean(one.one), clean(one.other)],
            "sentence": clean(one.sentence),
            "mixing": one.mixing,
            "chance": one.chance,
            "would_like": [[numbers[row] for row in rows] for rows in (one.for_one, one.for_other)],
            "centers": [numbers[found.centers[name]] for name in (one.one, one.other)],
        }
        for one in found.pairs
    ]
    return {PEOPLE_FILE: orjson.dumps({"schema": PEOPLE_SCHEMA, "pairs": pairs})}
