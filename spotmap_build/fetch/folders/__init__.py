"""A folder of audio files, and the playlists that lie in it."""
