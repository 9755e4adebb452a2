"""Whole recordings: searched for on YouTube Music, downloaded from YouTube."""
