"""Turn an atlas into a folder that any static host can serve: encode, render, publish, preview."""
