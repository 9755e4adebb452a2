"""Spotify's Web API as a source: log in once, fetch saved tracks and playlists, and cache them for offline builds.

``source`` is the entry point. ``login`` and ``token`` implement the command ``login``; ``push``, ``playlist_changes``
and ``pushed`` implement the command ``push``, which creates playlists. Only ``api`` sends requests to Spotify.
"""
