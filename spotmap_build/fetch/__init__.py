"""Sources of tracks, and merging several sources into one library."""
