"""Classifier heads: small networks that read moods, instruments or a voice out of an embedder's vectors.

Each is one or two layers on top of the embedding of a patch, so all of them together cost next to nothing once a track
is listened to. They are optional: where a file cannot be had, the map is made without what it would tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spotmap_build.core.speech import gettext_noop
from spotmap_build.registry.features import OF_HEADS, Feature

MOOD: Final = "Mood"
INSTRUMENT: Final = "Instrument"
FAMILIES: Final = frozenset({MOOD, INSTRUMENT})
"""What stands before ``---`` in the names of tags that heads give. They say how music is, and not what it is."""


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A head's file: where it lies below the address of the models, and the SHA-256 that it must have."""

    url_path: str
    sha256: str

    @property
    def file_name(self) -> str:
        """What the file is called in the folder of the models."""
        return self.url_path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """One head: its files, and what its classes mean to people.

    ``classes``: in the order of its output. ``file``: what Essentia runs; its digest names what the head has learned,
    whichever engine runs it. ``onnx_file``: the same for onnxruntime. ``output_node``: as it is called in ``file``.
    A head tells either tags, which have a ``family`` and are called as ``words`` says, class by class (empty: it says
    nothing about the sound, and is not shown); or a ``feature``, which is the share of its class number ``column``.
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
        """What people call what it tells."""
        return self.feature.label if self.feature is not None else self.name

    @property
    def output(self) -> str:
        """What its result is called among what is kept of a recording. Another version of it has another name."""
        return f"{self.name}-{self.file.sha256[:8]}.npy"

    def file_on(self, engine: str) -> HeadFile:
        """Return the file that this engine reads."""
        return self.file if engine == "essentia" else self.onnx_file

    @property
    def tag_columns(self) -> tuple[int, ...]:
        """The classes that are shown as tags."""
        return tuple(column for column, word in enumerate(self.words) if word)

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The names of these: "Mood---calm"."""
        return tuple(f"{self.family}---{self.words[column]}" for column in self.tag_columns)


NOTICE: Final = gettext_noop(
    "They are by the Music Technology Group of Universitat Pompeu Fabra, under CC BY-NC-SA 4.0: for non-commercial use."
)
SIZE_BYTES: Final = 7_000_000
"""Of all of them together."""

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
"""The classes of MTG-Jamendo's moods and themes, and how they read. What music was used for says nothing of its sound,
and how fast it is we measure."""
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
"""The classes of MTG-Jamendo's instruments, and how they read. Another head is surer of voices."""
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
"""Those of Discogs-EffNet. Their digests are those that several public projects pin; the order of the classes of the
first two was checked against digests of the same kind."""
