"""Encode the comparison of several people's libraries on one map as the site's file ``people.json``. Pure."""

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
    """Return the file by name; empty if no people were compared."""
    people, numbers = atlas.people, number_of_row.tolist()
    if not people.pairs:
        return {}
    pairs = [
        {
            "people": [clean(pair.one), clean(pair.other)],
            "sentence": clean(pair.sentence),
            "mixing": pair.mixing,
            "chance": pair.chance,
            "would_like": [[numbers[row] for row in rows] for rows in (pair.for_one, pair.for_other)],
            "centers": [numbers[people.centers[name]] for name in (pair.one, pair.other)],
        }
        for pair in people.pairs
    ]
    return {PEOPLE_FILE: orjson.dumps({"schema": PEOPLE_SCHEMA, "pairs": pairs})}
