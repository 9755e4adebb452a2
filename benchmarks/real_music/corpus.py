"""Collect the corpus: music from Debian packages, one folder per game, with each package's license."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

AUDIO_SUFFIXES = frozenset({".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"})

MINIMUM_DURATION_S = 8.0
"""Shorter files are jingles and sound effects, not tracks."""


class CorpusError(Exception):
    """The corpus cannot be collected; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package with music in it.

    ``music`` is the folder or archive (``.pk3``) inside the package that holds the soundtrack. In all of these
    packages, effects and speech are elsewhere or short, so naming the folder leaves them out.
    """

    name: str
    game: str
    music: PurePosixPath


def _package(name: str, game: str, music: str) -> Package:
    return Package(name, game, PurePosixPath("usr/share") / music)


PACKAGES = (
    _package("asc-music", "Advanced Strategic Command", "games/asc/music"),
    _package("btanks-data", "Battle Tanks", "games/btanks/data/tunes"),
    _package("colobot-common-sounds", "Colobot", "games/colobot/music"),
    _package("drascula-music", "Drascula", "scummvm/drascula/audio"),
    _package("extremetuxracer-data", "Extreme Tux Racer", "games/etr/music"),
    _package("fillets-ng-data", "Fish Fillets", "games/fillets-ng/music"),
    _package("frozen-bubble-data", "Frozen Bubble", "games/frozen-bubble/snd"),
    _package("hedgewars-data", "Hedgewars", "games/hedgewars/Data/Music"),
    _package("neverball-common", "Neverball", "games/neverball/bgm"),
    _package("singularity-music", "Endgame Singularity", "games/singularity/music"),
    _package("supertux-data", "SuperTux", "games/supertux2/music"),
    _package("warzone2100-music", "Warzone 2100", "games/warzone2100/music"),
    _package("wesnoth-1.16-music", "The Battle for Wesnoth", "games/wesnoth/1.16/data/core/music"),
    _package("xmoto-data", "X-Moto", "games/xmoto/Textures/Musics"),
)
"""The packages of Debian 12. If a package is missing in another release, or its folder changed, the error names it."""

OTHERS = (
    _package("ardentryst", "Ardentryst", "games/ardentryst/Music"),
    _package("enigma-data", "Enigma", "games/enigma/music"),
    _package("flare-game", "Flare", "games/flare/mods/fantasycore/music"),
    _package("freedroidrpg-data", "FreedroidRPG", "freedroidrpg/data/sound/music"),
    _package("gunroar-data", "Gunroar", "games/gunroar/sounds/musics"),
    _package("hyperrogue-music", "HyperRogue", "hyperrogue/music"),
    _package("marsshooter-data", "M.A.R.S.", "games/marsshooter/audio/music"),
    _package("mu-cade-data", "Mu-cade", "games/mu-cade/sounds/musics"),
    _package("nexuiz-music", "Nexuiz", "games/nexuiz/data/music.pk3"),
    _package("noiz2sa-data", "Noiz2sa", "games/noiz2sa/sounds"),
    _package("parsec47-data", "PARSEC47", "games/parsec47/sounds"),
    _package("planetblupi-music-ogg", "Planet Blupi", "planetblupi/music"),
    _package("pushover-data", "Pushover", "pushover/themes"),
    _package("starfighter-data", "Project: Starfighter", "starfighter/music"),
    _package("torus-trooper-data", "Torus Trooper", "games/torus-trooper/sounds/musics"),
    _package("tumiki-fighters-data", "Tumiki Fighters", "games/tumiki-fighters/sounds"),
    _package("warmux-data", "Warmux", "games/warmux/music"),
    _package("zaz-data", "Zaz", "games/zaz"),
)
"""Other games, to validate choices that were made with the first corpus."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The music of one package. ``unreadable`` files stay in the corpus, because a build must handle them."""

    game: str
    tracks: int
    duration_s: float
    too_short: tuple[str, ...]
    unreadable: tuple[str, ...]


def collect(packages: tuple[Package, ...], debs: Path, corpus: Path) -> Iterator[Collected]:
    """Fill ``corpus`` with one folder per game, downloading missing packages into ``debs``.

    A game's folder is written completely or not at all. Existing folders are kept, so a second run is instant.

    Raises
    ------
    CorpusError: Debian's tools are missing, a package is not available, or its music folder has moved.
    """
    missing = [package for package in packages if not (corpus / package.game).is_dir()]
    _download([package.name for package in missing if _find_deb(debs, package.name) is None], debs)
    for package in missing:
        yield _collect_one(package, debs, corpus)


def _collect_one(package: Package, debs: Path, corpus: Path) -> Collected:
    deb = _find_deb(debs, package.name)
    if deb is None:
        raise CorpusError(f"{package.name} was downloaded but is not in {debs}; empty that folder and try again")
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=corpus, prefix=".unpacking-") as scratch:
        tree, game = Path(scratch) / "package", Path(scratch) / "game"
        _run(["dpkg-deb", "-x", str(deb), str(tree)])
        collected = _lay_out(package, tree, game)
        game.rename(corpus / package.game)
    return collected


def _lay_out(package: Package, tree: Path, game: Path) -> Collected:
    """Move a package's tracks and license files from the unpacked ``tree`` to the new folder ``game``."""
    music = tree / package.music
    if music.is_file():
        shutil.unpack_archive(music, music.with_suffix(""), "zip")
        music = music.with_suffix("")
    if not music.is_dir():
        raise CorpusError(f"{package.name} has no folder {package.music} any more; correct the table in {__file__}")
    game.mkdir()
    tracks, duration_s = 0, 0.0
    too_short: list[str] = []
    unreadable: list[str] = []
    for path in sorted(path for path in music.rglob("*") if _is_audio(path)):
        name = path.relative_to(music)
        length_s = _duration_s(path)
        if length_s is None:
            unreadable.append(str(name))
        elif length_s < MINIMUM_DURATION_S:
            too_short.append(str(name))
            continue
        (game / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(game / name)
        tracks += 1
        duration_s += length_s or 0.0
    shutil.copyfile(tree / "usr/share/doc" / package.name / "copyright", game / "copyright.txt")
    for license_file in sorted(music.rglob("*.txt")):
        (game / license_file.relative_to(music)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(license_file, game / license_file.relative_to(music))
    return Collected(package.game, tracks, duration_s, tuple(too_short), tuple(unreadable))


def _is_audio(path: Path) -> bool:
    # A link is a second name for an existing track (Drascula has 155 of them).
    return path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and not path.is_symlink()


def _duration_s(path: Path) -> float | None:
    """Return the duration according to the file's header; None if the header cannot be read."""
    import mutagen

    try:
        audio = mutagen.File(path)
    except mutagen.MutagenError:
        return None
    return None if audio is None else float(audio.info.length)


def _find_deb(debs: Path, name: str) -> Path | None:
    return max(debs.glob(f"{name}_*.deb"), default=None)


def _download(names: list[str], debs: Path) -> None:
    if names:
        debs.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", *names], folder=debs)


def _run(command: list[str], folder: Path | None = None) -> None:
    try:
        finished = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    except FileNotFoundError as missing:
        raise CorpusError(f"{command[0]} is not installed: the corpus is made of Debian packages") from missing
    if finished.returncode != 0:
        raise CorpusError(f"`{' '.join(command)}` failed:\n{finished.stderr.strip()}")
