"""A map of real music that anyone on Debian or Ubuntu can make again: the soundtracks of free games.

``python -m benchmarks.real_music`` collects the tracks (:mod:`.corpus`), builds the map twice, cold and warm
(:mod:`.build`), and photographs the page (:mod:`benchmarks.pictures`).
"""
