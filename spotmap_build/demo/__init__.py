"""Synthesize the music of the demo library.

``catalog`` generates the scores and playlists (titles, keys, tempi) with the standard library alone. ``render`` renders
a score with numpy: ``synthesis`` provides tones and effects, ``drums`` and ``instruments`` single sounds,
``quiet_styles`` and ``beat_styles`` complete tracks.
"""
