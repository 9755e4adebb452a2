"""What the map tells: how true it is, playlists, versions, explanations, axes."""
