"""Decide which of YouTube Music's search results is a track's recording, if any. Pure: records in, a decision out.

1. Titles are parsed into the song's name and marks that identify its version (``titles``, ``versions``, ``works``, with
   the words of ``core.vocabulary``).
2. Names, artists, versions and albums are compared (``title_similarity``, ``transliteration``, ``artists``,
   ``people``, ``version_markers``, ``albums``, ``common_titles``). Classical works are recognized by catalog numbers,
   movements, keys, arias and orchestras in any language (``classical``, ``pieces``, ``keys``, ``ensembles``).
3. Each candidate is scored by itself (``scoring``, ``credits``, with the evidence in a ``case``).
4. The best candidate is chosen if it matches well enough (``decision``).
"""

from spotmap_build.acquire.matching.decision import DOUBTFUL_BELOW, decide

__all__ = ["DOUBTFUL_BELOW", "decide"]
