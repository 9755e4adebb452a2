"""``python -m benchmarks.describe --demo SITE --music SITE``: do descriptions of sound find the intended tracks?

It runs the page's modules in Node. The demo's facet "style", which is the ground truth, is hidden from them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.describe.phrases import DEMO, GAMES
from spotmap_build import read_map
from spotmap_build.demo.catalog import catalog

TOP: Final = 10
ANSWER: Final = Path(__file__).with_name("answer.mjs")


def answers(site: Path, phrases: Sequence[str], without: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the page's answer to each phrase."""
    questions = json.dumps({"phrases": list(phrases), "without": list(without)})
    done = subprocess.run(["node", ANSWER, site], input=questions, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def precision(found: Sequence[bool], relevant: int) -> float:
    """Return the share of relevant tracks among the first ten, or among as many as are relevant, if fewer."""
    counted = min(TOP, relevant)
    return sum(found[:counted]) / counted


def row(text: str, answer: dict[str, Any], meant: Sequence[bool], relevant: int, total: int) -> tuple[float, str]:
    value = precision(meant, relevant)
    unknown = f" (not understood: {', '.join(answer['unknown'])})" if answer["unknown"] else ""
    return value, f"| {text}{unknown} | {'; '.join(answer['says'])} | {value:.2f} | {relevant / total:.2f} |"


def demo_rows(site: Path) -> list[tuple[float, str]]:
    columns = read_map(site).columns
    by_title = {entry.title: entry for entry in catalog()}
    entries = {track: by_title[title] for track, title in zip(columns["id"], columns["title"], strict=True)}
    rows = []
    for phrase, answer in zip(DEMO, answers(site, [phrase.text for phrase in DEMO], ["style"]), strict=True):
        relevant = sum(map(phrase.relevant, entries.values()))
        meant = [phrase.relevant(entries[track]) for track in answer["ids"]]
        rows.append(row(phrase.text, answer, meant, relevant, len(entries)))
    return rows


def music_rows(site: Path) -> list[tuple[float, str]]:
    """Return the rows for the corpus of ``benchmarks.real_music``, where each game is a playlist."""
    phrases = [*GAMES, *sorted({game for games in GAMES.values() for game in games})]
    found = dict(zip(phrases, answers(site, phrases), strict=True))
    members = {game: set(found[game]["ids"]) for games in GAMES.values() for game in games}
    total = len(read_map(site))
    rows = []
    for text, games in GAMES.items():
        relevant = set().union(*(members[game] for game in games))
        meant = [track in relevant for track in found[text]["ids"]]
        rows.append(row(text, found[text], meant, len(relevant), total))
    return rows


def show(title: str, rows: Sequence[tuple[float, str]]) -> None:
    mean = sum(value for value, _ in rows) / len(rows)
    print(f"\n{title}: {len(rows)} phrases, precision at {TOP} {mean:.2f} on average\n")
    print("| phrase | understood as | precision | of all tracks |\n|---|---|---|---|")
    for _, text in rows:
        print(text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.describe", description=__doc__)
    parser.add_argument("--demo", type=Path, help="a site of the demo")
    parser.add_argument("--music", type=Path, help="a site of the corpus of benchmarks.real_music")
    parser.add_argument("--phrases", type=Path, help="other phrases, one per line: print how they are understood")
    arguments = parser.parse_args()
    if arguments.phrases:
        texts = arguments.phrases.read_text(encoding="utf-8").split("\n")
        for text in filter(None, texts):
            (answer,) = answers(arguments.music or arguments.demo, [text])
            unknown = f"; not understood: {', '.join(answer['unknown'])}" if answer["unknown"] else ""
            print(f"| {text} | {'; '.join(answer['says'])}{unknown} | {answer['fitting']} |")
        return
    if arguments.demo:
        show("Demo", demo_rows(arguments.demo))
    if arguments.music:
        show("Music of games", music_rows(arguments.music))


if __name__ == "__main__":
    main()
