"""Which of YouTube Music's search results is a track's recording, or none of them. Pure: records in, a decision out.

A title is taken apart into the song's name and marks that say which version it is (``titles``, ``versions``, ``works``,
with the words of ``core.vocabulary``); names, artists, versions and albums are compared (``title_similarity``,
``transliteration``, ``artists``, ``version_markers``, ``albums``, ``classical``, ``common_titles``); each candidate is
judged by itself (``scoring``, ``credits``, over a ``case``), then the best is taken if it fits at all (``decision``).
"""

from spotmap_build.acquire.matching.decision import DOUBTFUL_BELOW, decide

__all__ = ["DOUBTFUL_BELOW", "decide"]
