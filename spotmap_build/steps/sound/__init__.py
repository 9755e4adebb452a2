"""From a track to what it sounds like: find its recording, download it, listen, and remember what failed and why."""
