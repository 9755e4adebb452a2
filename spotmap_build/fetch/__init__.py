"""Fetch: where tracks come from, and one library of several sources."""
