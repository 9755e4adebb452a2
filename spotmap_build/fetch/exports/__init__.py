"""What Spotify and other tools export of a library: takeout, Exportify."""
