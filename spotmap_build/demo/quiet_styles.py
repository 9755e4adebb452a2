"""Styles without drums. Each function renders a whole track onto a session's tape and returns it, ``[2, samples]``."""

from __future__ import annotations

import numpy as np

from spotmap_build.demo import instruments as play
from spotmap_build.demo.drums import rim, shaker
from spotmap_build.demo.harmony import BASS_E, BEATS_PER_BAR, GUITAR_E, hits
from spotmap_build.demo.session import Session
from spotmap_build.demo.synthesis import (
    Signal,
    band_pass,
    echo,
    envelope,
    low_pass,
    reverb,
    seconds,
)


def ambient(session: Session) -> Signal:
    """Render ambient: a drone, slow overlapping chords, wind, and an occasional glass bell."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    session.lay(play.pad(score.pitch(0, -1), 1.8 * score.duration_s, rate_hz, rng), 0, 0.8)
    for bar in score.bars():
        for number, pitch in enumerate(score.voicing(bar.root, 52, notes=4)):
            pan = (number - 1.5) / 2
            session.lay(play.pad(pitch, 2.2 * score.bar_s, rate_hz, rng), bar.start_s - 0.8 * score.bar_s, 0.5, pan)
        if rng.random() < 0.6:
            at_s = bar.start_s + score.beat_s * rng.uniform(0, BEATS_PER_BAR)
            session.lay(
                play.bell(score.pitch(int(rng.integers(7)), 2), 2.5, rate_hz), at_s, 0.12, rng.uniform(-0.9, 0.9)
            )
    wind = band_pass(rng.standard_normal(session.tape.shape[1:]), rate_hz, 250, rng.uniform(600, 1100))
    gusts = 1 + np.sin(2 * np.pi * seconds(score.duration_s, rate_hz) / rng.uniform(4, 7))
    session.lay(wind * gusts, 0, 0.06)
    return reverb(session.tape, rate_hz, rng, length_s=4.0, amount=1.1)


def strings(session: Session) -> Signal:
    """Render a string quartet: two inner voices hold the chord, a walking cello line, a melody on the first violin."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    figure = session.choose("X.......x.......", "X.....x.x.......", "X...x...x...x...", "X.....x.....x...")
    motion = session.choose("X.......", "X...x...", "X.x.x.x.")
    for bar in score.bars():
        low, *inner = score.voicing(bar.root, 52)
        session.lay(
            play.bowed(score.pitch(bar.root, -1), score.bar_s, rate_hz, rng, attack_s=0.2), bar.start_s, 0.6, 0.5
        )
        for step, accent in hits(motion + motion):
            length_s = score.bar_s / (2 * sum(1 for _ in hits(motion)))
            for number, pitch in enumerate((low + 12, *inner)):
                note = play.bowed(pitch, length_s + 0.1, rate_hz, rng, attack_s=0.09)
                session.lay(note, bar.start_s + step * score.step_s, 0.22 * accent, 0.3 * number - 0.4)
        melody = session.wander(4, start=bar.root % 7 + 7)
        onsets = [step for step, _ in hits(figure)] + [16]
        for degree, step, following in zip(melody, onsets, onsets[1:], strict=False):
            length_s = (following - step) * score.step_s + 0.08
            session.lay(
                play.bowed(score.pitch(degree), length_s, rate_hz, rng), bar.start_s + step * score.step_s, 0.5, -0.5
            )
    return reverb(session.tape, rate_hz, rng, length_s=1.7, amount=0.45)


def piano(session: Session) -> Signal:
    """Render solo piano: broken chords in the left hand, a melody in the right one, with loose timing."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    left = session.choose("0121", "0212", "01210121", "0123")
    tune = session.choose("X...x.x.x...x...", "..x.X...x.x.x...", "X.x.x...X.....x.", "X.......x.x.x.x.")
    for bar in score.bars():
        chord = (score.pitch(bar.root, -1), *score.voicing(bar.root, 52))
        for number in range(8):
            pitch = chord[int(left[number % len(left)])]
            at_s = bar.start_s + number * score.bar_s / 8 + rng.normal(0, 0.008)
            session.lay(play.piano(pitch, 1.6, rate_hz, velocity=rng.uniform(0.35, 0.55)), at_s, 1.0, -0.3)
        for degree, (step, accent) in zip(session.wander(8, start=bar.root % 7 + 9), hits(tune), strict=False):
            at_s = bar.start_s + step * score.step_s + rng.normal(0, 0.012)
            session.lay(play.piano(score.pitch(degree), 1.8, rate_hz, velocity=0.95 * accent), at_s, 1.0, 0.3)
    return reverb(session.tape, rate_hz, rng, length_s=1.4, amount=0.25)


def folk(session: Session) -> Signal:
    """Render a steel-string guitar with Travis picking: an alternating bass, and answers in the upper strings."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    fingers = session.choose("..x...x.x.x...x.", "x.x...x...x.x.x.", "..x.x.x...x.x.x.", "x...x.x...x...x.")
    brightness, damping = rng.uniform(0.6, 0.85), rng.uniform(0.994, 0.997)
    for bar in score.bars():
        bass = (score.pitch_above(GUITAR_E, bar.root), score.pitch_above(GUITAR_E, bar.root + 4))
        for beat in range(BEATS_PER_BAR):
            note = play.plucked(bass[beat % 2], 1.2, rate_hz, score.seed, brightness=brightness - 0.2, damping=damping)
            session.lay(note, bar.start_s + beat * score.beat_s + rng.normal(0, 0.004), 0.8, -0.1)
        treble = (*score.voicing(bar.root, 55), score.pitch(bar.root, 1), score.pitch(bar.root + 1, 1))
        for step, accent in hits(fingers):
            pitch = treble[int(rng.integers(len(treble)))]
            note = play.plucked(pitch, 1.4, rate_hz, score.seed, brightness=brightness, damping=damping)
            session.lay(note, bar.start_s + step * score.step_s + rng.normal(0, 0.005), accent, 0.15)
    return reverb(low_pass(session.tape, rate_hz, 5500, order=1), rate_hz, rng, length_s=0.5, amount=0.15)


def organ(session: Session) -> Signal:
    """Render a chorale: four parts for organ and choir over a pedal note."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    changes = 2 if session.rng.random() < 0.5 else 1
    for bar in score.bars():
        length_s = score.bar_s / changes
        for change in range(changes):
            at_s = bar.start_s + change * length_s
            root = bar.root + 2 * change
            session.lay(play.organ(score.pitch(root, -1), length_s, rate_hz), at_s, 0.7)
            for number, pitch in enumerate((*score.voicing(root, 55), score.voicing(root, 67)[0])):
                session.lay(play.organ(pitch, length_s, rate_hz), at_s, 0.35, 0.2)
                session.lay(play.sung(pitch, length_s + 0.25, rate_hz, rng), at_s - 0.05, 0.9, 0.4 * number - 0.6)
    return reverb(session.tape, rate_hz, rng, length_s=3.2, amount=0.6)


def bossa(session: Session) -> Signal:
    """Render bossa nova: nylon guitar, double bass, rim clicks, a shaker, and a slow flute."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    comping = session.choose("x..x..x...x..x..", "x..x...x..x..x..", "..x..x.x..x..x..")
    lead = session.choose("....X..x..x.....", "X..x..x.......x.", "..x..X....x..x..")
    click, shake = rim(rate_hz), shaker(rate_hz, rng)
    swell = envelope(0.6, rate_hz, 0.001, 0.3)
    for bar in score.bars():
        session.lay_rhythm(click, "X..X..X...X..X..", bar.start_s, 0.3, 0.35)
        session.lay_rhythm(shake, "xoXoxoXoxoXoxoXo", bar.start_s, 0.22, -0.5)
        for step, degree in ((0, bar.root), (6, bar.root + 4), (8, bar.root + 4), (14, bar.root)):
            note = play.plucked(
                score.pitch_above(BASS_E, degree), 0.6, rate_hz, score.seed, brightness=0.1, damping=0.998
            )
            session.lay(note * swell[: note.size], bar.start_s + step * score.step_s, 1.1)
        for step, accent in hits(comping):
            for number, pitch in enumerate(score.voicing(bar.root, 54, notes=4)):
                note = play.plucked(pitch, 0.5, rate_hz, score.seed, brightness=0.3, damping=0.99)
                session.lay(note, bar.start_s + step * score.step_s + 0.006 * number, 0.42 * accent, -0.25)
        for degree, (step, accent) in zip(session.wander(5, start=bar.root % 7 + 9), hits(lead), strict=False):
            length_s = score.step_s * float(rng.choice([2, 3, 4]))
            session.lay(
                play.flute(score.pitch(degree), length_s, rate_hz, rng),
                bar.start_s + step * score.step_s,
                0.4 * accent,
                0.2,
            )
    room = reverb(session.tape, rate_hz, rng, length_s=0.8, amount=0.15)
    return room + 0.2 * echo(session.tape, rate_hz, 3 * score.step_s, 0.3, repeats=2)
