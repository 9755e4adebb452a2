"""Parse titles into the song's name, subtitles and aliases, guests, and version marks. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from spotmap_build.acquire.matching import numerals
from spotmap_build.acquire.matching.transliteration import comparable, is_read_by_letter, scripts, sound_alike
from spotmap_build.acquire.matching.versions import Mark, read_segment
from spotmap_build.core.normalize import is_latin, native, repair
from spotmap_build.core.vocabulary import people_words, title_words, version_words

MAX_JOINED: Final = 20
"""Maximum number of list items that may together be the name of one known artist ("Tyler, The Creator")."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9 '!?]+")
"""Matches most titles, which need no parsing."""
_QUOTED: Final = re.compile(r"[「『《〈]([^」』》〉]*)[」』》〉]")
_QUOTED_AT_END: Final = re.compile(r"^(.*\S)\s+[-–—~～]\s+([^-–—~～]*[「『《〈].*)$")
_BOXED: Final = re.compile(r"^([^【]+)【([^】]+)】(.*)$")
"""Artist【Song】, as in titles of videos from China."""
_YEAR_APART: Final = re.compile(r"(?<=\b(?:19|20)\d\d)\s+[-–—/]\s+(?=(?:digital )?remaster)", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"(?<=\w)\.(?:mp3|m4a|flac|wav|ogg|opus|wma)$", re.IGNORECASE)
_ARTICLE_LAST: Final = re.compile(r"^([^,]+)(?<!\bla), (the|an?|der|die|das|les?|la|el|los|las)$", re.IGNORECASE)
_KIND_FIRST: Final = re.compile(r"^(interlude|intro|medley|outro|reprise|skit):\s+(.+)$", re.IGNORECASE)
_BRACKET: Final = re.compile(r"[(\[{【<]([^()\[\]{}【】<>]*)[)\]}】>]")
_AFTER_DASHES: Final = re.compile(r"\s[-~～]\s?([^-~～]+?)\s?[-~～]\s*$")
_SEPARATOR: Final = re.compile(
    r"\s+[-–—−~•·]+\s+|\s*[|｜]\s*|\s+//+\s+|(?<=[^\s\d])[–—](?=\s)|\s+[-–—](?=\w)|(?<=\w)-\s+"
)
_INCHES: Final = re.compile(r"\b(7|12)(?:\s?[\"”″]|''|[\s-]?inch(?:es)?\b)", re.IGNORECASE)
_NAME_FIRST: Final = re.compile(r"^([^\"“”‘’'(:]+?)\s*(?:\([^()]*\))?(?::\s|[\s:]+[\"“‘']([^\"“”]+)[\"”’'](?=\s|$))")
"""Artist "Song", or Artist: Song, as in titles of videos."""


def _any_of(words: tuple[str, ...]) -> str:
    """Return a pattern that matches any of the words, trying the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_GUESTS: Final = re.compile(
    rf"(?:^|\s)(?:{_any_of(title_words().guests.featuring)})(?:[.:]\s*|(?<=\.)|\s+)(?!\s)(.+)$", re.IGNORECASE
)
_SEVERAL: Final = re.compile(r"\s*[/;|]\s*|,\s+|\s+[-–—•·]\s+|\s+(?=(?:feat|ft|featuring)\b)", re.IGNORECASE)
"""Separators of marks within one bracket."""
_WITH: Final = re.compile(
    rf"^(?:duet\s+|duo\s+)?(?:{_any_of(title_words().guests.accompanied)})\s+(.+)$", re.IGNORECASE
)
_WITH_KNOWN: Final = re.compile(rf"^(?:{_any_of(title_words().guests.known)})\s+(.+)$", re.IGNORECASE)
_FROM: Final = re.compile(r"^\s*from\s+", re.IGNORECASE)
_TRACK_NUMBER: Final = re.compile(r"^\d{1,2}\.\s+(?=\D)")
"""A number before the title of an upload: "06. Song - Artist"."""
_AND: Final = re.compile(r"(\s*[,;&+、]\s*|\s+(?:and|x|y|und|et)\s+)", re.IGNORECASE)
_VERSION_OF: Final = re.compile(r"\bversion of (.+)$", re.IGNORECASE)
_DROPPED_G: Final = re.compile(r"(?<=\w)in['’](?=\W|$)")
_N_FOR_AND: Final = re.compile(r"\s['’]?n['’]?\s", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_GLUED_PART: Final = re.compile(r"\b(pt|part|vol|no|nr|ch)(\d+)\b")
_ORDINAL: Final = re.compile(
    rf"\b({'|'.join(numerals.ORDINALS)}|\d+(?=st|nd|rd|th))(?:st|nd|rd|th)? (part|movement|act|chapter)\b"
)
_AS_PICTURE: Final = "\ufe0f"
"""Selects the colored form of a sign before it: "❤️"."""
_SLASHES: Final = re.compile(r"\s+/\s+")


@dataclass(frozen=True, slots=True)
class Title:
    """A parsed title.

    ``core``: the song's name; ``extras``: subtitles of unknown meaning; ``aliases``: the same name in another script or
    language; ``marks``: version marks; ``guests``: as written; ``credited``: artists named in the title
    ("Artist - Title"); ``works``: films, series and games that the song is from, according to the title.
    """

    core: str
    extras: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    guests: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    works: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The name with its subtitles, in :func:`canonical` form."""
        return canonical(" ".join((self.core, *self.extras)))


class _Parts:
    """The parts that were parsed from a title so far."""

    def __init__(self, names: frozenset[str], known_works: frozenset[str]) -> None:
        self.names = names
        self.known_works = known_works
        self.marks: list[Mark] = []
        self.guests: list[str] = []
        self.extras: list[str] = []
        self.credited: list[str] = []
        self.version_of: list[str] = []
        self.works: list[str] = []

    def credit(self, piece: str) -> None:
        """Add artists, and their guests, that are named before or after the song's name."""
        inline = _GUESTS.search(piece)
        self.guests += _each(inline[1], self.names) if inline else []
        self.credited.append(piece[: inline.start()] if inline else piece)

    def take(self, segment: str, *, unknown_too: bool) -> bool:
        """Parse a segment; an unknown one becomes a subtitle if ``unknown_too``. Return whether it was consumed."""
        pieces = [piece for piece in _SEVERAL.split(segment) if piece.strip()]
        if len(pieces) > 1 and all(self._is_understood(piece) for piece in pieces):
            for piece in pieces:
                self._take_one(piece, unknown_too=False)
            return True
        if len(pieces) > 1 and all(self._is_known(piece) for piece in pieces):
            return True  # "Skit #1 (Artist/Album)"
        return self._take_one(segment, unknown_too=unknown_too)

    def _is_known(self, piece: str) -> bool:
        return name_key(piece) in self.names or canonical(piece) in self.known_works

    def _is_understood(self, piece: str) -> bool:
        """Return whether a piece has a meaning by itself. A year does not: it may be a concert's or a remaster's."""
        if not any(letter.isalpha() for letter in piece):
            return False
        return bool(guests_of(piece, self.names)) or read_segment(piece).sense != "unknown"

    def _take_one(self, segment: str, *, unknown_too: bool) -> bool:
        guests = guests_of(segment, self.names)
        if guests:
            self.guests += guests
            return True
        if all(name_key(name) in self.names for name in _each(segment, self.names)):
            return True  # "Song (Artist)" may be anyone's recording, so it is not a credit
        reading = read_segment(segment)
        if reading.sense == "version":
            self.marks.append(reading.mark)
            if (of := _VERSION_OF.search(segment)) is not None:
                self.version_of.append(of[1])
        elif reading.sense == "unknown" and canonical(_FROM.sub("", segment)) in self.known_works:
            self.works.append(_FROM.sub("", segment))
        elif reading.sense == "unknown":
            if unknown_too and segment.strip():
                self.extras.append(segment.strip())
            return unknown_too
        elif reading.work:
            self.works.append(reading.work)
        return True


@lru_cache(maxsize=16_384)
def take_apart(
    title: str, names: frozenset[str] = frozenset(), *, is_upload: bool = False, works: frozenset[str] = frozenset()
) -> Title:
    """Parse a title.

    Parameters
    ----------
    title : str
        As a service shows it.
    names : frozenset[str]
        Artists that may be named in it, as :func:`name_key`.
    is_upload : bool
        Whether it is the title of a video, which usually names the artist first.
    works : frozenset[str]
        Albums, films and series that may be named in it, in :func:`canonical` form.
    """
    if _PLAIN.fullmatch(title) and not _GUESTS.search(title):
        return Title(title)
    title = _name_first(_ARTICLE_LAST.sub(r"\2 \1", _SUFFIX.sub("", title)), names, works)
    text = unicodedata.normalize("NFKC", _YEAR_APART.sub(" ", _INCHES.sub(r"\1inch", repair(title)))).replace(
        _AS_PICTURE, ""
    )
    parts = _Parts(names, works)
    text = _TRACK_NUMBER.sub("", text) if is_upload else text
    text = _KIND_FIRST.sub(r"\2 (\1)", _take_work(text, parts))
    if is_upload and (boxed := _BOXED.match(text)) and name_key(boxed[1]) in names:
        text = _BOXED.sub(r"\1 - \2 \3", text)
    if is_upload and (said := _NAME_FIRST.match(text)) and name_key(said[1]) in names:
        text = " - ".join(piece for piece in (said[1], said[2], text[said.end() :]) if piece)
    text = _QUOTED.sub(r" - \1 - ", _take_brackets(text, parts))
    if (dashed := _AFTER_DASHES.search(text)) and parts.take(dashed[1], unknown_too=False):
        text = text[: dashed.start()]
    pieces = [piece.strip() for piece in _SEPARATOR.split(text) if piece.strip(' -–—"“”')]
    core = _choose_core(pieces, parts, is_upload=is_upload) or text.strip() or title
    if (inline := _GUESTS.search(core)) and inline.start() > 0:
        parts.guests += _each(inline[1], names)
        core = core[: inline.start()]
    foreign = [extra for extra in parts.extras if _names_it_too(extra, core)]
    aliases = foreign[:1] + parts.version_of  # at most one alias in another script
    if len(names_in := _SLASHES.split(core)) == 2 and not comparable(*names_in):
        core, alias = names_in
        aliases.append(alias)
    extras = tuple(extra for extra in parts.extras if extra not in aliases)
    more = split_scripts(core)
    return Title(
        core,
        extras,
        (*aliases, *(more if more and _names_it_too(*more) else ())),
        tuple(parts.marks),
        tuple(guest for guest in parts.guests if guest.strip()),
        tuple(parts.credited),
        tuple(parts.works),
    )


def with_final_g(text: str) -> str:
    """Complete a dropped g.

    >>> with_final_g("Livin' in the '80s")
    "Living in the '80s"
    """
    return _DROPPED_G.sub("ing", text)


@lru_cache(maxsize=16_384)
def canonical(name: str) -> str:
    """Normalize a song's name, including numbers, and parts such as "Pt. 1" and "Part One"."""
    plain = _GLUED_PART.sub(r"\1 \2", native(_THOUSANDS.sub("", with_final_g(name))))
    tokens = numerals.join_number_words(_ORDINAL.sub(_as_cardinal, plain).split())
    written = [_write(tokens, position) for position in range(len(tokens))]
    return " ".join(token for token in written if token) or native(name)


@lru_cache(maxsize=16_384)
def name_key(name: str) -> str:
    """Normalize an artist's name: without spaces, articles and punctuation, and with abbreviations expanded."""
    tokens = numerals.join_number_words(native(_N_FOR_AND.sub(" & ", name)).split())
    spellings = people_words().spellings
    written = [numerals.NUMBERS.get(token, spellings.get(token, token)) for token in tokens]
    return "".join(token for token in written if token not in {"the", "and"}) or "".join(written)


def guests_of(segment: str, names: frozenset[str]) -> list[str]:
    """Return the guests named in a bracket; none if it has another meaning ("with Strings").

    ``names``: artists known to be on the recording, even if their name is that of a choir or an orchestra.
    """
    featured, accompanied = _GUESTS.match(segment.strip()), _WITH.match(segment.strip())
    found = featured or accompanied or _WITH_KNOWN.match(segment.strip())
    if found is None:
        return []
    guests = _each(found[1], names)
    if featured is not None or all(name_key(guest) in names for guest in guests):
        return guests
    is_counted = all(map(_is_number, map(native, guests)))
    is_said = accompanied is not None and not is_counted and read_segment(segment).sense != "version"
    return guests if is_said else []


def _name_first(title: str, names: frozenset[str], works: frozenset[str]) -> str:
    """Return a title without an artist's last name before a colon, and with a known work at its end.

    "Einaudi: Experience" becomes "Experience", "The Sea - Salt" becomes "Salt (The Sea)".
    """
    for separator in (": ", " - ", " – ", ", "):
        before, _, after = title.partition(separator)
        if after and canonical(before) in works:
            title = f"{after} ({before})"
    before, _, after = title.partition(": ")
    last = name_key(before) if after else ""
    is_last_name = len(last) > 3 and any(known != last and known.endswith(last) for known in names)
    return after if is_last_name else title


def _names_it_too(extra: str, core: str) -> bool:
    """Return whether a subtitle is the song's name in another script.

    In a phonetic script, the two must sound alike. In other scripts, the subtitle may be a translation, but not if it
    ends with a number or a word for a style ("夜に走る (Rock Arrange)").
    """
    if comparable(extra, core):
        return False
    if is_read_by_letter(extra if is_latin(core) else core):
        return sound_alike(extra, core)
    latin, foreign = (extra, core) if is_latin(extra) else (core, extra)
    last = native(latin).split()[-1]
    return last not in version_words().styles and not (last.isdecimal() and last not in native(foreign))


def _each(listed: str, known: frozenset[str]) -> list[str]:
    """Split a list of names, keeping known names that look like a list ("Tyler, The Creator")."""
    pieces = _AND.split(listed)  # names, alternating with separators
    names: list[str] = []
    start = 0
    while start < len(pieces):
        ends = range(min(len(pieces), start + 2 * MAX_JOINED - 1), start, -2)
        end = next((end for end in ends if name_key("".join(pieces[start:end])) in known), start + 1)
        names.append("".join(pieces[start:end]))
        start = end + 1
    return [name for name in names if name.strip()]


def _as_cardinal(ordinal: re.Match[str]) -> str:
    """Convert "Second movement" to "movement 2"."""
    return f"{ordinal[2]} {numerals.ORDINALS.get(ordinal[1], ordinal[1])}"


def _write(tokens: list[str], position: int) -> str:
    """Normalize one word of a name; empty for a number sign."""
    token = tokens[position]
    before = tokens[position - 1] if position else ""
    after = tokens[position + 1] if position + 1 < len(tokens) else ""
    if token.isdecimal():
        token = token.lstrip("0") or "0"
    if _is_counted(tokens[:position]) or (before and not after and len(token) > 1):
        token = numerals.ROMAN.get(token, token)
    if token in numerals.PARTS and _is_number(after):
        return "" if numerals.PARTS[token] == "no" else numerals.PARTS[token]
    return "and" if token == "n" else numerals.NUMBERS.get(token, title_words().spellings.get(token, token))


def _is_counted(before: list[str]) -> bool:
    """Return whether these words are followed by the number of a part, or the last of several: "Parts I and"."""
    while before and (_is_number(before[-1]) or before[-1] in {"and", "to"}):
        before = before[:-1]
    return bool(before) and before[-1] in numerals.PARTS


def _is_number(token: str) -> bool:
    return token.isdecimal() or token in numerals.NUMBERS or token in numerals.ROMAN


def _take_work(text: str, parts: _Parts) -> str:
    """Remove a suffix after a dash that names a work in corner brackets: "塩の歌 - 映画「海辺」主題歌"."""
    dashed = _QUOTED_AT_END.match(text)
    reading = read_segment(dashed[2]) if dashed else None
    if dashed is None or reading is None or reading.sense == "version" or not reading.work:
        return text
    parts.works.append(reading.work)
    return dashed[1]


def _take_brackets(text: str, parts: _Parts) -> str:
    """Remove brackets with their content, or only the signs if they are part of the name ("(I Can't Get No) ...")."""
    while (bracket := _BRACKET.search(text)) is not None:
        before, inside, after = text[: bracket.start()], bracket[1], text[bracket.end() :]
        is_at_end = bool(before.strip()) and not after.lstrip()[:1].isalnum()
        if parts.take(inside, unknown_too=is_at_end):
            text = f"{before.rstrip()} {after.lstrip()}" if before.strip() else after
        else:
            text = f"{before}{inside}{after}"
    return text


def _choose_core(pieces: list[str], parts: _Parts, *, is_upload: bool) -> str:
    """Return the song's name among the pieces between dashes: the first piece that is not an artist.

    If all pieces are artists, or all others are version marks (except in uploads), an artist's name is the song's.
    """
    credited = [piece for piece in pieces if _is_credit(piece, parts)]
    if len(credited) == len(pieces) or (
        not is_upload and all(piece in credited or read_segment(piece).sense != "unknown" for piece in pieces)
    ):
        credited = credited[1:]
    named: list[str] = []
    for piece in pieces:
        if piece in credited:
            parts.credit(piece)
        elif not named:
            named.append(piece)
        elif not parts.take(piece, unknown_too=False):
            if comparable(piece, named[0]):
                named.append(piece)
            else:
                parts.extras.append(piece)
    return " ".join(named)


def _is_credit(piece: str, parts: _Parts) -> bool:
    """Return whether a piece consists only of artists' names, possibly with guests."""
    inline = _GUESTS.search(piece)
    names = piece[: inline.start()] if inline else piece
    return all(name_key(name) in parts.names for name in _each(names, parts.names))


def split_scripts(name: str) -> tuple[str, ...]:
    """Return the two names in "달빛 Moonlight", one per script; empty if there are not exactly two."""
    if len(scripts(name)) < 2 or "latin" not in scripts(name):
        return ()
    tokens = name.split()
    changes = [
        position
        for position in range(1, len(tokens))
        if scripts(tokens[position]) and not comparable(tokens[position - 1], tokens[position])
    ]
    return (" ".join(tokens[: changes[0]]), " ".join(tokens[changes[0] :])) if len(changes) == 1 else ()
