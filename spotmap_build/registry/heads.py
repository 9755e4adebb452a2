"""Classifier heads: small networks that predict moods, instruments and voice from an embedder's vectors.

Each has one or two layers on top of the embedding of a patch, so all of them together add almost no time to the
analysis of a track. They are optional: if a file is not available, the map is built without its head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spotmap_build.core.translation import gettext_noop
from spotmap_build.registry.features import OF_HEADS, Feature

MOOD: Final = "Mood"
INSTRUMENT: Final = "Instrument"
FAMILIES: Final = frozenset({MOOD, INSTRUMENT})
"""Prefixes (before ``---``) of the tag names of heads. Such tags describe the character of music, not its genre."""


@dataclass(frozen=True, slots=True)
class HeadFile:
    """The file of a head: its path below the base address of the models, and its SHA-256."""

    url_path: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the file in the folder of the models."""
        return self.url_path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """One head: its files, and the meaning of its classes.

    ``classes``: in the order of the output. ``file``: the network for Essentia; its digest identifies the head for both
    engines. ``onnx_file``: the same network for onnxruntime. ``output_node``: its name in ``file``.
    A head gives either tags or a feature. Tags belong to a ``family`` and are named by ``words``, one per class (an
    empty word hides a class that says nothing about the sound). A ``feature`` is the activation of the class at index
    ``column``.
    """

    name: str
    classes: tuple[str, ...]
    file: HeadFile
    onnx_file: HeadFile
    output_node: str
    family: str = ""
    words: tuple[str, ...] = ()
    feature: Feature | None = None
    column: int = 0

    @property
    def label(self) -> str:
        """Name of what it predicts, for people."""
        return self.feature.label if self.feature is not None else self.name

    @property
    def output(self) -> str:
        """Name of its output in the cached record of a recording. It differs for each version of the head."""
        return f"{self.name}-{self.file.sha256[:8]}.npy"

    def file_on(self, engine: str) -> HeadFile:
        """Return the file for this engine."""
        return self.file if engine == "essentia" else self.onnx_file

    @property
    def tag_columns(self) -> tuple[int, ...]:
        """Indices of the classes that are shown as tags."""
        return tuple(column for column, word in enumerate(self.words) if word)

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Names of the tags, such as "Mood---calm"."""
        return tuple(f"{self.family}---{self.words[column]}" for column in self.tag_columns)


NOTICE: Final = gettext_noop(
    "They are by the Music Technology Group of Universitat Pompeu Fabra, under CC BY-NC-SA 4.0: for non-commercial use."
)
SIZE_BYTES: Final = 7_000_000
"""Size of all heads together."""

_MOODS: Final = {
    "action": "",
    "adventure": "adventurous",
    "advertising": "",
    "background": "",
    "ballad": "ballads",
    "calm": "calm",
    "children": "for children",
    "christmas": "christmas",
    "commercial": "",
    "cool": "cool",
    "corporate": "",
    "dark": "dark mood",
    "deep": "deep",
    "documentary": "",
    "drama": "dramatic",
    "dramatic": "dramatic",
    "dream": "dreamy",
    "emotional": "emotional",
    "energetic": "energetic",
    "epic": "epic",
    "fast": "",
    "film": "cinematic",
    "fun": "fun",
    "funny": "funny",
    "game": "",
    "groovy": "groovy",
    "happy": "happy",
    "heavy": "heavy",
    "holiday": "",
    "hopeful": "hopeful",
    "inspiring": "inspiring",
    "love": "romantic",
    "meditative": "meditative",
    "melancholic": "melancholic",
    "melodic": "melodic",
    "motivational": "motivating",
    "movie": "cinematic",
    "nature": "",
    "party": "party",
    "positive": "positive",
    "powerful": "powerful",
    "relaxing": "relaxing",
    "retro": "retro",
    "romantic": "romantic",
    "sad": "sad",
    "sexy": "",
    "slow": "",
    "soft": "soft",
    "soundscape": "soundscape",
    "space": "spacey",
    "sport": "",
    "summer": "summery",
    "trailer": "",
    "travel": "",
    "upbeat": "upbeat",
    "uplifting": "uplifting",
}
"""Classes of MTG-Jamendo's moods and themes, and their display names. Uses of music are hidden, since they do not
describe its sound, and so are tempos, which are measured."""
_INSTRUMENTS: Final = {
    "accordion": "accordion",
    "acousticbassguitar": "acoustic bass",
    "acousticguitar": "acoustic guitar",
    "bass": "bass",
    "beat": "",
    "bell": "bells",
    "bongo": "bongos",
    "brass": "brass",
    "cello": "cello",
    "clarinet": "clarinet",
    "classicalguitar": "classical guitar",
    "computer": "",
    "doublebass": "double bass",
    "drummachine": "drum machine",
    "drums": "drums",
    "electricguitar": "electric guitar",
    "electricpiano": "electric piano",
    "flute": "flute",
    "guitar": "guitar",
    "harmonica": "harmonica",
    "harp": "harp",
    "horn": "horns",
    "keyboard": "keyboard",
    "oboe": "oboe",
    "orchestra": "orchestra",
    "organ": "organ",
    "pad": "pads",
    "percussion": "percussion",
    "piano": "piano",
    "pipeorgan": "pipe organ",
    "rhodes": "rhodes",
    "sampler": "",
    "saxophone": "saxophone",
    "strings": "strings",
    "synthesizer": "synthesizer",
    "trombone": "trombone",
    "trumpet": "trumpet",
    "viola": "viola",
    "violin": "violin",
    "voice": "",
}
"""Classes of MTG-Jamendo's instruments, and their display names. Another head is more reliable for voices."""
SIGMOID: Final = "model/Sigmoid"
SOFTMAX: Final = "model/Softmax"


def _file(of: str, suffix: str, sha256: str) -> HeadFile:
    return HeadFile(f"classification-heads/{of}/{of}-discogs-effnet-1{suffix}", sha256)


def _tags(name: str, of: str, family: str, words: dict[str, str], *, pb: str, onnx: str) -> HeadSpec:
    files = (_file(of, ".pb", pb), _file(of, ".onnx", onnx))
    return HeadSpec(name, tuple(words), *files, SIGMOID, family=family, words=tuple(words.values()))


def _feature(name: str, of: str, classes: tuple[str, str], column: int, *, pb: str, onnx: str) -> HeadSpec:
    files = (_file(of, ".pb", pb), _file(of, ".onnx", onnx))
    return HeadSpec(name, classes, *files, SOFTMAX, feature=OF_HEADS[name], column=column)


OF_EFFNET: Final = (
    _tags(
        gettext_noop("moods"),
        "mtg_jamendo_moodtheme",
        MOOD,
        _MOODS,
        pb="03f2b047020aee4ab39f8880da7bdae2a36d06a1508d656c6d424ad4d6de07a9",
        onnx="7d6270acaa5f4bba4b115a0d6849aca05ed6bd153dcb6d9da4f6ab9f99ef10ff",
    ),
    _tags(
        gettext_noop("instruments"),
        "mtg_jamendo_instrument",
        INSTRUMENT,
        _INSTRUMENTS,
        pb="2e8c3003c722e098da371b6a1f7ad0ce62fac0dcfc09c7c7997d430941196c2a",
        onnx="9ae2d9e763d66bd8eed654d1ac3aa171e6539cb8a0e11f3dcd53df1428980802",
    ),
    _feature(
        "voice",
        "voice_instrumental",
        ("instrumental", "voice"),
        1,
        pb="c8033548e17c292874265db62e82a051247768d10375a35a769e7bf695f16acf",
        onnx="20155e4c439714b0c45c08644b73c8e12d9dccb173bd4ab9934bf1e5aee837ca",
    ),
    _feature(
        "dance_appeal",
        "danceability",
        ("danceable", "not_danceable"),
        0,
        pb="e1251f02cdc846445e2bc1fb3fe9963e32728c5c000e009188ae47c8963cb4c4",
        onnx="9ce9b8c44f1dd5df5ffc124e5d41d67acf254232c1b90c7e057e079ab7cead73",
    ),
    _feature(
        "cheerfulness",
        "mood_happy",
        ("happy", "non_happy"),
        0,
        pb="de322aee7f4da29ecbd149c86e7964bd6fabe41ca85698a0be40a39d49e88633",
        onnx="0ca322819ef137b4b87e9866bffe7370a630e6f1165184ec106326cef6f81e06",
    ),
)
"""The heads of Discogs-EffNet. Their digests are those that several public projects pin, and the order of the classes
of the first two was verified in the same way."""
