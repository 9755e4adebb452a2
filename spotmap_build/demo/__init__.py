"""Music made on the spot, for the demo library.

``catalog`` decides what there is (titles, keys, tempi, playlists) with the standard library alone. ``render`` plays
it with numpy: ``synthesis`` makes tones and effects, ``drums`` and ``instruments`` single sounds, ``quiet_styles`` and
``beat_styles`` whole tracks.
"""
