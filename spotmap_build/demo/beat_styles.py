"""Styles with drums. Each function renders a complete track onto a session's tape and returns it, ``[2, samples]``."""

from __future__ import annotations

import numpy as np

from spotmap_build.demo import instruments as play
from spotmap_build.demo.drums import clap, hat, kick, rim, scrap_metal, snare
from spotmap_build.demo.harmony import BASS_E, STEPS_PER_BAR, frequency_hz, hits
from spotmap_build.demo.session import Session
from spotmap_build.demo.synthesis import (
    Signal,
    band_pass,
    crush,
    decay,
    echo,
    envelope,
    high_pass,
    oscillate,
    reverb,
    saturate,
    saw,
    seconds,
)


def techno(session: Session) -> Signal:
    """Render techno: four to the floor, offbeat open hats, an acid line, a stab with a long echo."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    drum, closed, opened = kick(rate_hz, length_s=0.3), hat(rate_hz, rng), hat(rate_hz, rng, length_s=0.2)
    line = [int(rng.choice([0, 0, 0, 7, 2, 4])) for _ in range(STEPS_PER_BAR)]
    stabs = session.choose("...x......x.....", "..x..x..........", "......x..x......")
    stab_tape = np.zeros_like(session.tape)
    for bar in score.bars():
        session.lay_rhythm(drum, "X...X...X...X...", bar.start_s, 1.3)
        session.lay_rhythm(opened, "..X...X...X...X.", bar.start_s, 0.28, 0.2)
        session.lay_rhythm(closed, "xoxoxoxoxoxoxoxo", bar.start_s, 0.16, -0.2)
        session.lay_rhythm(clap(rate_hz, rng), "....X.......X...", bar.start_s, 0.5)
        for step, degree in enumerate(line):
            openness = 0.5 + 0.45 * np.sin(2 * np.pi * (bar.number + step / STEPS_PER_BAR) / 5)
            note = play.acid_bass(score.pitch(degree, -1), 0.95 * score.step_s, rate_hz, openness=openness)
            session.lay(note, bar.start_s + step * score.step_s, 0.38)
        for step, _ in hits(stabs):
            start = round((bar.start_s + step * score.step_s) * rate_hz)
            for pitch in score.voicing(bar.root, 60):
                note = oscillate(frequency_hz(pitch), 0.16, rate_hz, saw(20)) * decay(0.16, rate_hz, 0.06)
                embedded = note[: max(0, stab_tape.shape[1] - start)]
                stab_tape[:, start : start + embedded.size] += 0.14 * embedded
    return saturate(session.tape + stab_tape + echo(stab_tape, rate_hz, 3 * score.step_s, 0.6), 1.2)


def drum_and_bass(session: Session) -> Signal:
    """Render drum and bass: a chopped break in double time, a growling bass at half of it, a high pad."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    drum, tight = kick(rate_hz, tuned_hz=60, length_s=0.2), snare(rate_hz, rng, tuned_hz=210)
    closed = hat(rate_hz, rng, length_s=0.04)
    variations = (
        ("X.........X.....", "....X..o.o..X..o"),
        ("X.X.......X.....", "....X..o....X.o."),
        (
            "X.........X..X..",
            "....X..o.o..X...",
        ),
    )
    kicks, snares = variations[int(rng.integers(len(variations)))]
    for bar in score.bars():
        session.lay_rhythm(drum, kicks, bar.start_s, 1.1)
        session.lay_rhythm(tight, snares, bar.start_s, 0.9)
        session.lay_rhythm(closed, "X.xoX.xoX.xoX.xx", bar.start_s, 0.3, 0.25)
        for step, length in ((0, 6), (6, 4), (10, 6)):
            degree = bar.root if step < 10 else bar.root + int(rng.choice([0, 2, -1]))
            note = play.reese_bass(score.pitch_above(BASS_E, degree), length * score.step_s, rate_hz)
            session.lay(note, bar.start_s + step * score.step_s, 0.9)
        if bar.number % 2 == 0:
            for number, pitch in enumerate(score.voicing(bar.root, 64, notes=4)):
                session.lay(
                    play.pad(pitch, 2 * score.bar_s, rate_hz, rng, softness=1.8), bar.start_s, 0.16, number / 2 - 0.75
                )
    return saturate(reverb(session.tape, rate_hz, rng, length_s=0.6, amount=0.1), 1.0)


def chiptune(session: Session) -> Signal:
    """Render chiptune: the four voices of an old console (lead, very fast arpeggio, triangle bass, noise)."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    rhythm = session.choose("X.x.x.xxX.x.x.x.", "X..x..x.X..x..x.", "X.xxx.x.X.xxx...", "x.x.X.x.xxx.X...")
    width = float(rng.choice([0.125, 0.25, 0.5]))
    hiss = np.repeat(rng.choice([-1.0, 1.0], size=rate_hz // 10), 2)
    tick, crash = hiss[: rate_hz // 50], hiss * decay(hiss.size / rate_hz, rate_hz, 0.05)
    motif = session.wander(8)
    for bar in score.bars():
        chord = (*score.voicing(bar.root, 60), score.voicing(bar.root, 72)[0])
        for step in range(STEPS_PER_BAR):
            note = play.chip_pulse(chord[step % 4], score.step_s, rate_hz, width=0.5)
            session.lay(note, bar.start_s + step * score.step_s, 0.2)
            if step % 2 == 0:
                bass = play.chip_triangle(score.pitch(bar.root, -1 + (step // 2) % 2), 1.8 * score.step_s, rate_hz)
                session.lay(bass, bar.start_s + step * score.step_s, 0.5)
        for number, (step, accent) in enumerate(hits(rhythm)):
            degree = motif[number % len(motif)] + (bar.root if bar.number % 2 else 0)
            note = play.chip_pulse(score.pitch(degree), 1.7 * score.step_s, rate_hz, width=width)
            session.lay(note, bar.start_s + step * score.step_s, 0.4 * accent)
        session.lay_rhythm(tick, "x.x.x.x.x.x.x.x.", bar.start_s, 0.12)
        session.lay_rhythm(crash, "....X.......X..x", bar.start_s, 0.25)
    return crush(0.5 * session.tape, 24)


def funk(session: Session) -> Signal:
    """Render funk: slap bass with popped octaves, scratched sixteenths on the guitar, a dry kit, accents on the one."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    thumb = session.choose("X..x..x.x..x....", "X.....x.xx....x.", "X..x....x.x...x.")
    pops = session.choose("..x..x....x..x..", "...x..x....x.x..", "..x....x.x....x.")
    stabs = session.choose("........X..X....", "......X.....X...", "...X......X.....")
    drum, crack, closed = (
        kick(rate_hz, tuned_hz=62, length_s=0.18),
        snare(rate_hz, rng, tuned_hz=230),
        hat(rate_hz, rng),
    )
    for bar in score.bars():
        session.lay_rhythm(drum, "X.....x.x.x.....", bar.start_s, 0.9)
        session.lay_rhythm(crack, "....X..o.o..X..o", bar.start_s, 0.75)
        session.lay_rhythm(closed, "xoXoxoXoxoXoxoXo", bar.start_s, 0.18, 0.3)
        for rhythm, lowest, brightness in ((thumb, BASS_E, 0.85), (pops, BASS_E + 12, 1.0)):
            for step, accent in hits(rhythm):
                degree = bar.root + (int(rng.choice([0, 0, 4, 6])) if step else 0)
                note = play.plucked(score.pitch_above(lowest, degree), 0.28, rate_hz, score.seed, brightness=brightness)
                session.lay(saturate(note, 2.5), bar.start_s + step * score.step_s, 0.75 * accent)
        for step, accent in hits("x.xoX.xo.oxoX.xo"):
            for pitch in score.voicing(bar.root, 62, notes=4):
                note = play.plucked(pitch, 0.07, rate_hz, score.seed, brightness=0.95, damping=0.96)
                session.lay(note, bar.start_s + step * score.step_s, 0.2 * accent, -0.5)
        for step, accent in hits(stabs):
            for pitch in score.voicing(bar.root, 60, notes=4):
                brass = oscillate(frequency_hz(pitch), 0.22, rate_hz, saw(24, 0.8)) * envelope(
                    0.22, rate_hz, 0.025, 0.08
                )
                session.lay(brass, bar.start_s + step * score.step_s, 0.16 * accent, 0.4)
    return saturate(reverb(session.tape, rate_hz, rng, length_s=0.35, amount=0.08), 1.1)


def dub(session: Session) -> Signal:
    """Render dub: one drop (the kick on the third beat), an organ skank in between, and echo."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    riff = session.choose("X.....x.x...x...", "X..x....x..x..x.", "..x.x...X.....x.", "X...x.x.........")
    degrees = [0, *(int(step) for step in rng.choice([0, 0, 2, 4, -3], size=5))]
    drum, stick, closed = kick(rate_hz, tuned_hz=55), rim(rate_hz), hat(rate_hz, rng)
    effects = Session(score, rng)
    for bar in score.bars():
        session.lay_rhythm(drum, "........X.......", bar.start_s, 1.1)
        session.lay_rhythm(stick, "........X.......", bar.start_s, 0.6)
        session.lay_rhythm(closed, "x.xox.xox.xox.xo", bar.start_s, 0.16, 0.2)
        for degree, (step, accent) in zip(degrees, hits(riff), strict=False):
            note = play.deep_bass(score.pitch_above(BASS_E, bar.root + degree), 2.6 * score.step_s, rate_hz)
            session.lay(note, bar.start_s + step * score.step_s, 1.1 * accent)
        for step, accent in hits("....X.......X..."):
            for pitch in score.voicing(bar.root, 60):
                chop = play.organ(pitch, 0.09, rate_hz)
                effects.lay(high_pass(chop, rate_hz, 500), bar.start_s + step * score.step_s, 0.3 * accent, -0.3)
        if bar.number % 2 == 1:
            effects.lay(snare(rate_hz, rng), bar.start_s + 12 * score.step_s, 0.5)
        for degree, step in zip(session.wander(3, start=8), (2, 6, 10), strict=True):
            if rng.random() < 0.5:
                note = play.reed(score.pitch(degree), 3 * score.step_s, rate_hz)
                effects.lay(note, bar.start_s + step * score.step_s, 0.2, 0.4)
    wet = echo(effects.tape, rate_hz, 3 * score.step_s, 0.68, repeats=8)
    return reverb(session.tape + effects.tape + 0.9 * wet, rate_hz, rng, length_s=1.2, amount=0.15)


def industrial(session: Session) -> Signal:
    """Render industrial: overdriven drums, scrap metal, steam, and a screaming machine in the key of the track."""
    score, rng, rate_hz = session.score, session.rng, session.rate_hz
    hammer = saturate(1.4 * kick(rate_hz, tuned_hz=45, sweep_hz=320), 8)
    scraps = [scrap_metal(rate_hz, rng) for _ in range(3)]
    rhythm = session.choose("X..x..X.X..x....", "X.x...X...x.X...", "X...X..xX...X.x.")
    clang = session.choose("....X.......X.x.", "..x.X..x....X...", "....X..X..x.X...")
    steam = band_pass(rng.standard_normal(round(0.4 * rate_hz)), rate_hz, 1500, 6500) * envelope(
        0.4, rate_hz, 0.3, 0.02
    )
    for bar in score.bars():
        session.lay_rhythm(hammer, rhythm, bar.start_s, 0.9)
        for number, scrap in enumerate(scraps):
            session.lay_rhythm(scrap, clang[number:] + clang[:number], bar.start_s, 0.3, 0.7 * number - 0.7)
        session.lay(steam, bar.start_s + score.bar_s - 0.4, 0.5, rng.uniform(-0.8, 0.8))
        pitch_hz = frequency_hz(score.pitch(bar.root, -1))
        time_s = seconds(score.bar_s, rate_hz)
        machine = oscillate(pitch_hz, score.bar_s, rate_hz, saw(40, 0.7))
        ring = np.sin(2 * np.pi * pitch_hz * rng.uniform(1.3, 2.7) * time_s)
        session.lay(saturate(machine * ring, 9) * envelope(score.bar_s, rate_hz, 0.01, 0.05), bar.start_s, 0.16)
    hiss = 0.05 * rng.standard_normal(session.tape.shape)
    return saturate(session.tape + hiss, 1.3)
