"""Cache keys: a canonical form that is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from enum import StrEnum

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotmap_build.cache.keys import Key, UnkeyableError, canonical_json
from tests.support.properties import PATIENT

plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


class Color(StrEnum):
    RED = "red"


def reordered(value: object) -> object:
    """Return the same data with every dictionary in reverse order."""
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(list(value))}
    if isinstance(value, list):
        return [reordered(item) for item in value]
    return value


@PATIENT
@given(plain_values)
def test_canonical_json_decodes_to_the_same_value(value: object) -> None:
    assert orjson.loads(canonical_json(value)) == value


@PATIENT
@given(plain_values)
def test_canonical_json_does_not_depend_on_dictionary_order(value: object) -> None:
    assert canonical_json(reordered(value)) == canonical_json(value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), r"\$ is nan"),
        ({"params": {"rates": [1.0, float("inf")]}}, r"\$\.params\.rates\[1\] is inf"),
        ({1: "a"}, "the key 1"),
        ({"a": b"bytes"}, r"\$\.a is a builtins\.bytes"),
        ({"a": {1, 2}}, "builtins.set"),
        (np.float64(1.0), "numpy.float64"),
        (np.zeros(2), "numpy.ndarray"),
        (Color.RED, "Color"),
        (2**64, "No canonical JSON"),
        ("\ud800", "No canonical JSON"),
    ],
)
def test_value_without_a_canonical_form_is_refused_with_its_path(value: object, place: str) -> None:
    with pytest.raises(UnkeyableError, match=place):
        canonical_json(value)


def test_self_referencing_value_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(UnkeyableError, match="contains itself"):
        canonical_json(loop)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "é"]}, '{"a":[true,null,"é"],"b":1}'),
        ((1, 2.0, -0.0), "[1,2.0,-0.0]"),
        ({"ü": 1, "z": 2, "Z": 3}, '{"Z":3,"z":2,"ü":1}'),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_canonical_json_has_this_text(value: object, text: str) -> None:
    assert canonical_json(value) == text.encode()


def test_digest_never_changes() -> None:
    """If this fails, all existing caches become useless: raise FORMAT, or keep the key material as it was."""
    key = Key("embed", 1, {"params": {"hop": 62, "gain": 0.5}, "inputs": {"audio": "ab" * 32}})
    assert key.digest == "86ca5c72028000a129f9a752dd8d5f96b070948d24837a7cd8479db4f4f1a9e8"


@pytest.mark.parametrize(
    ("stage", "version", "preimage"),
    [
        ("embed", 2, {"a": 1}),
        ("project", 1, {"a": 1}),
        ("embed", 1, {"a": 2}),
        ("embed", 1, {"a": 1.0}),
        ("embed", 1, {"a": "1"}),
        ("embed", 1, {"a": 1, "b": None}),
    ],
)
def test_every_part_of_a_key_changes_its_digest(stage: str, version: int, preimage: dict[str, object]) -> None:
    base = Key("embed", 1, {"a": 1})
    other = Key(stage, version, preimage)
    assert other != base
    assert other.digest != base.digest


def test_key_is_independent_of_later_changes_to_its_dictionary() -> None:
    preimage: dict[str, object] = {"a": 1}
    key = Key("embed", 1, preimage)
    digest = key.digest
    preimage["a"] = 2
    assert key.digest == digest
    assert key == Key("embed", 1, {"a": 1})


@pytest.mark.parametrize("stage", ["", "../up", "Embed", "a/b", "a.b", "-v1", "é"])
def test_stage_must_be_a_safe_folder_name(stage: str) -> None:
    with pytest.raises(UnkeyableError):
        Key(stage, 1, {})


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_keys_are_equal_in_every_process(hash_seed: str) -> None:
    program = (
        "from spotmap_build.cache.keys import Key\n"
        "names = {'tempo', 'key', 'loudness', 'brightness', 'energy'}\n"  # a set: its order follows the hash seed
        "print(Key('embed', 1, {name: len(name) for name in names}).digest)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    here = Key("embed", 1, {name: len(name) for name in ("brightness", "energy", "key", "loudness", "tempo")})
    assert result.stdout.strip() == here.digest
