"""A map of real music that anyone on Debian or Ubuntu can reproduce: the soundtracks of free games.

``python -m benchmarks.real_music`` collects the tracks (:mod:`.corpus`), builds the map twice, cold and warm
(:mod:`.build`), and takes screenshots of the page (:mod:`benchmarks.pictures`).
"""
