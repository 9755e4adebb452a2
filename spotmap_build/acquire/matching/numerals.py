"""Numbers in titles: as words, in Roman numerals, and after the words for a part. Data."""

from __future__ import annotations

from typing import Final

from spotmap_build.acquire.matching.words import listed

NUMBERS: Final[dict[str, str]] = {
    word: str(number)
    for number, word in enumerate(
        listed("""
            zero | one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve |
            thirteen | fourteen | fifteen
            """)
    )
}
ORDINALS: Final[dict[str, str]] = {
    word: str(number)
    for number, word in enumerate(
        listed("first | second | third | fourth | fifth | sixth | seventh | eighth | ninth | tenth"), start=1
    )
}
ROMAN: Final[dict[str, str]] = {
    word: str(number)
    for number, word in enumerate(
        listed("""
            i | ii | iii | iv | v | vi | vii | viii | ix | x | xi | xii | xiii | xiv | xv | xvi | xvii | xviii |
            xix | xx
            """),
        start=1,
    )
}
PARTS: Final[dict[str, str]] = {
    word: part
    for part, words in {
        "part": "part | pt | parts | pts | teil | parte | partie | часть | deel | del",
        "vol": "vol | volume",
        "chapter": "chapter | ch | kapitel | chapitre | capitulo | глава",
        "no": "no | nr | number | num | numero | ndeg",
        "act": "act | akt | acte | movement | mvt | mov",
    }.items()
    for word in listed(words)
}
"""Words before a number that tells one part from another."""
