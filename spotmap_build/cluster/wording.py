"""Put features and tags into words, for names, explanations and cards. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.language import page_message

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

KEY_NAMES: Final = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
CLEAR_KEY: Final = 60.0
"""Key clarity in percent below which the key is a guess and is not mentioned."""


CLEAR_TAG: Final = 0.08
"""Activation below which a tag does not apply to a track: "punk" at 0.03 means no. MSD's tags reach 0.5 in the clearest
cases."""
TRAITS: Final = {
    "instrumental": "instrumental",
    "acoustic": "acoustic",
    "guitar": "guitar",
    "mellow": "mellow",
    "chill": "chill",
    "chillout": "chill",
    "easy listening": "easy",
    "sad": "sad",
    "happy": "happy",
    "party": "party",
    "beautiful": "gentle",
    "experimental": "experimental",
    "abstract": "abstract",
    "80s": "80s",
    "oldies": "old-time",
    "female vocalists": "female voice",
    "female vocalist": "female voice",
    "male vocalists": "male voice",
    "ballad": "ballads",
}
"""Tags for the character of music rather than its style, and their wording in names. "beautiful" is not a judgment: in
the Million Song Dataset it is given to slow music with soft attacks."""
EMPTY: Final = frozenset({"00s", "90s", "70s", "60s", "sexy", "catchy", "other", "unknown", "misc"})
"""Tags that do not describe the sound of a region."""
VAGUE: Final = frozenset({"indie", "alternative", "experimental"})
"""Styles and traits that name a scene or an attitude. They describe the sound less than others with equal scores."""


def standardize(features: Float32Array) -> Float32Array:
    """Return features as robust z-scores over the library: float32 ``[n, f]``, 0 for constant features.

    Uses the median and the range of the middle two thirds, so that a few wrong values do not flatten all others.
    """
    if not len(features):
        return features.astype(np.float32)
    low, middle, high = np.percentile(features.astype(np.float64), [15.87, 50, 84.13], axis=0)
    spread = (high - low) / 2
    # For binary features (the mode), the middle two thirds may be constant: use the standard deviation.
    spread = np.where(spread > 0, spread, features.std(axis=0, dtype=np.float64))
    return np.asarray((features - middle) / np.where(spread > 0, spread, np.inf), dtype=np.float32)


def key_name(key: float, mode: float) -> str:
    """Return the name of a key.

    Examples
    --------
    >>> key_name(9, 0), key_name(1, 1)
    ('A minor', 'C♯ major')
    """
    name = page_message("{note} major") if mode >= 0.5 else page_message("{note} minor")
    return name.format(note=KEY_NAMES[round(key) % 12])


def key_relation(key: float, mode: float, other_key: float, other_mode: float) -> str:
    """Return how two keys are related: "same", "relative" (A minor and C major), "fifth", or empty for not closely.

    Parameters
    ----------
    key, other_key : float
        Pitch classes: 0 is C, 11 is B.
    mode, other_mode : float
        1 is major, 0 is minor.

    Examples
    --------
    >>> key_relation(9, 0, 0, 1), key_relation(0, 1, 7, 1), key_relation(0, 1, 1, 1)
    ('relative', 'fifth', '')
    """
    # For minor keys, use the relative major, three semitones up, so that relative keys are equal.
    home = (round(key) + (0 if mode >= 0.5 else 3)) % 12
    other_home = (round(other_key) + (0 if other_mode >= 0.5 else 3)) % 12
    is_same_mode = (mode >= 0.5) == (other_mode >= 0.5)
    if home == other_home:
        return "same" if is_same_mode else "relative"
    return "fifth" if is_same_mode and (home - other_home) % 12 in {5, 7} else ""


def style_name(tag: str) -> str:
    """Return the name of a style without its family, which says less than the style.

    Examples
    --------
    >>> style_name("Electronic---Dub Techno"), style_name("Electronic---IDM")
    ('dub techno', 'IDM')
    """
    name = tag.rpartition("---")[2].strip()
    return name if name in _PROPER else name.lower()


_PROPER: Final = frozenset({"IDM", "EBM", "UK Garage", "RnB/Swing", "DJ Battle Tool", "J-pop", "K-pop", "AOR", "NDW"})


def listed(words: list[str]) -> str:
    """Join words with commas and "and".

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
