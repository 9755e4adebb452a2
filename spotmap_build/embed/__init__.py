"""Embed: from an audio file to a similarity vector, tags, and features that have a name.

``decode`` makes samples of a file, ``discogs_effnet`` and ``musicnn`` make vectors and tags of samples, ``spectral``
makes the features that color the map; ``workers`` does it for many tracks at once, and ``weights`` gets what the
networks have learned. Which embedders and features there are stands in ``spotmap_build.registry``.
"""
