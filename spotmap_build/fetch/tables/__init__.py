"""Tables of tracks: CSV, Parquet, JSON Lines and M3U, as spreadsheets and other tools save them."""
