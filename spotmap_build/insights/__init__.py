"""Insights about the map: quality, playlists, versions of songs, explanations of neighbors, meaning of directions."""
