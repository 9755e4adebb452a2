"""Measure the viewer's speed and memory, compared with other ways to draw as many points."""
