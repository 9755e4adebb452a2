"""Spotify's Web API as a library: log in once, fetch what was saved, keep it for the days without a network.

``source`` is the way in; ``login`` and ``token`` are for the command ``login``. Only ``api`` speaks to Spotify.
"""
