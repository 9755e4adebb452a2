"""Spotify's Web API as a library: log in once, fetch what was saved, keep it for the days without a network.

``source`` is the way in; ``login`` and ``token`` are for the command ``login``, ``push``, ``playlist_changes`` and
``pushed`` for the command ``push``, which makes playlists there. Only ``api`` speaks to Spotify.
"""
