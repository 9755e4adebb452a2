"""Tables of tracks (CSV, Parquet, JSON Lines) and playlists (M3U, PLS and others), as other tools save them."""
