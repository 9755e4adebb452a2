"""Find the recording of each track and get its audio: searching, matching, downloading, and tracking what waits."""
