"""Which recording a track is, and its audio: searching, matching, downloading, what waits and why."""
