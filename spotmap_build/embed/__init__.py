"""Turn an audio file into an embedding vector, tags and named features.

``decode`` converts a file to samples, ``discogs_effnet`` and ``musicnn`` compute vectors and tags from samples, and
``numpy_features`` measures the features. ``workers`` embeds one recording, ``pool`` many at the same time, and
``weights`` provides the networks' weights. ``spotmap_build.registry`` lists the embedders and features.
"""
