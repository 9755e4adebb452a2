"""Check that every track is accounted for, whatever the services do, and that no request is made twice."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.streamed.library import MadeUp, Oddities, make_up, serve
from tests.fakes.http_server import Fault
from tests.support.command import Outcome, report
from tests.support.streaming import Services

QUOTA = b'{"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}'
BURSTS = 6
"""Number of bursts of three quota errors each, a tenth of the library apart."""
EXPIRED = 5
MAX_FAILED_REQUESTS = 24
"""Unanswered requests: each is made twice, the breaker opens after five in a row, and four are in flight."""
JOBS = {"SPOTMAP_JOBS": "2"}


@dataclass
class Checks:
    """Findings, and whether each is as expected."""

    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ended_well(self, label: str, outcome: Outcome) -> None:
        """Check the exit status; if it is not 0, record the last lines of output."""
        self.equal(f"{label}: exit status", outcome.status, 0)
        if outcome.status:
            self.lines += outcome.stderr.splitlines()[-5:]

    def equal(self, label: str, found: object, expected: object) -> None:
        is_right = found == expected
        self.lines.append(f"  {'ok  ' if is_right else 'FAIL'} {label}: {found}")
        if not is_right:
            self.failures.append(f"{label}: {found}, not {expected}")


def prove(count: int, odd: Oddities, folder: Path) -> int:
    """Run both scenarios and print the findings; return 1 if anything is not as expected."""
    made = make_up(count, odd)
    failures = []
    for name, story in (("all services there", all_there), ("services that go away", services_go_away)):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        with serve(made, place) as running:
            checks = story(made, running)
        print(f"{name}, {count} tracks", *checks.lines, sep="\n", flush=True)
        failures += checks.failures
        shutil.rmtree(place)
    return 1 if failures else 0


def all_there(made: MadeUp, running: Services, burst_count: int = BURSTS) -> Checks:
    """Map previews, then full recordings; bursts of quota errors and expired signatures must lose no track."""
    checks, count = Checks(), len(made.titles)
    running.deezer.expired = EXPIRED
    bursts = [
        Fault("status", 200, body=QUOTA, path="/track/", times=3, after=number * count // 10)
        for number in range(1, burst_count + 1)
    ]
    running.deezer.faults.extend(bursts)
    with early_report(running) as early:
        outcome = running.build(extra=JOBS, timeout_s=3_600)
    checks.ended_well("first build", outcome)
    checks.equal("maps published", _published(outcome), 2)
    sketch = early[0] if early else []
    previewed = _titles(sketch, lambda row: row.get("listened_to") == "30 seconds")
    checks.equal("on the early map", len(previewed), count - len(made.without_preview))
    checks.equal("  not on it: those without a preview", made.titles - previewed, made.without_preview)
    checks.equal("  of those without an ISRC", len(previewed & made.no_isrc), len(made.no_isrc))
    checks.equal("quota errors met", sum(3 - fault.times for fault in bursts), 3 * burst_count)
    rows = report(running.folder)["ledger"]
    checks.equal("whole at the end", _kinds(rows), {"whole": count})
    twice = _more_than_once(running.deezer.places("/preview/"))
    checks.equal("previews asked for twice: at most those whose address had expired", twice <= EXPIRED, True)
    again = running.build()
    checks.equal("second build: exit status, listened to", (again.status, again.analyzed_count), (0, 0))
    asked = [len(server.requests) for server in (running.deezer, running.music, running.audio)]
    checks.equal("second build: Deezer, YouTube Music, YouTube asked", asked, [0, 0, 0])
    return checks


def services_go_away(made: MadeUp, running: Services) -> Checks:
    """Deezer becomes unavailable during the previews, and YouTube demands a bot check during the recordings."""
    checks, count = Checks(), len(made.titles)
    running.deezer.faults.append(Fault("reset", times=1_000_000, after=count * 3 // 2))
    running.audio.bot_check_after = count // 4
    with early_report(running) as early:
        outcome = running.build(extra=JOBS, timeout_s=3_600)
    given = set(running.audio.served)
    checks.ended_well("first build", outcome)
    sketch = early[0] if early else []
    on_early = _titles(sketch, lambda row: row["status"] == "mapped")
    checks.equal("an early map of some", 0 < len(on_early) < count, True)
    rows = report(running.folder)["ledger"]
    kinds = _kinds(rows)
    checks.lines.append(f"       {kinds}")
    checks.equal("  whole recordings", kinds["whole"], len(given))
    whole = _titles(rows, lambda row: row["status"] == "mapped" and row.get("listened_to") is None)
    previewed = _titles(rows, lambda row: row.get("listened_to") == "30 seconds")
    checks.equal("  previews stay where there is no more", previewed, on_early - whole)
    waiting = [row for row in rows if row["status"] == "failed"]
    checks.equal(
        "  all others wait, for YouTube", {(row["stage"], row["code"]) for row in waiting}, {("download", "waiting")}
    )
    checks.equal("  said when", all(row["retry_at"] and row["detail"] for row in waiting), True)
    checks.equal("  nobody is missing", len(rows), count)
    again = running.build()
    checks.ended_well("second build", again)
    checks.equal("  the same of each track", _kinds(report(running.folder)["ledger"]), kinds)
    checks.equal("  YouTube Music, YouTube asked", [len(running.music.requests), len(running.audio.requests)], [0, 0])
    checks.equal("  Deezer asked until it is clear", len(running.deezer.requests) <= MAX_FAILED_REQUESTS, True)
    running.deezer.faults.clear()
    running.audio.bot_check_after = None
    last = running.build("--retry", extra=JOBS, timeout_s=3_600)
    checks.ended_well("when they are back", last)
    checks.equal("  whole", _kinds(report(running.folder)["ledger"]), {"whole": count})
    checks.equal("  recordings that were fetched again", len(given & set(running.audio.served)), 0)
    return checks


@contextmanager
def early_report(running: Services) -> Iterator[list[list[dict[str, Any]]]]:
    """Yield the report's tracks when the first full recording is requested: those of the early map."""
    seen: list[list[dict[str, Any]]] = []
    respond = running.audio.respond

    def look(request: Any) -> Any:
        with running.audio.lock:
            if not seen:
                seen.append(report(running.folder)["ledger"])
        return respond(request)

    running.audio.respond = look  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        running.audio.respond = respond  # type: ignore[method-assign]


def _published(outcome: Outcome) -> int:
    return sum(event.get("outcome", "").split(" (")[0].endswith("published") for event in outcome.events)


def _titles(rows: list[dict[str, Any]], is_one: Any) -> frozenset[str]:
    return frozenset(row["title"] for row in rows if is_one(row))


def _kinds(rows: list[dict[str, Any]]) -> Counter[str]:
    """Count the tracks by kind of audio, or by the reason why they are missing."""
    return Counter(
        row.get("listened_to", "whole") if row["status"] == "mapped" else f"{row['stage']}/{row['code']}"
        for row in rows
    )


def _more_than_once(places: list[str]) -> int:
    return len(places) - len(set(places))
