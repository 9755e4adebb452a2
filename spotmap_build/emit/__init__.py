"""From an atlas to a folder that any static host can serve: encode, render, publish, preview."""
