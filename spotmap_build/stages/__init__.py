"""The stages of a build, each behind the cache: make the key, look it up, compute only what is missing.

The packages that the stages call (``fetch``, ``embed``, ``project``, ...) do not know each other; they are combined
here.
"""

from spotmap_build.acquire.scratch import sweep
from spotmap_build.fetch.source import Fetched
from spotmap_build.run import Clock, Run
from spotmap_build.stages.cluster import cluster
from spotmap_build.stages.covers import add_covers
from spotmap_build.stages.embed import Embedded, embed, known_embeddings
from spotmap_build.stages.emit import check_page, describe_nearness, emit
from spotmap_build.stages.excerpts import add_excerpts
from spotmap_build.stages.fetch import fetch
from spotmap_build.stages.insights import analyze, describe_map
from spotmap_build.stages.match import Matched, match
from spotmap_build.stages.plan import describe_plan
from spotmap_build.stages.poster import make_poster
from spotmap_build.stages.previous_map import Previous, read_anchor, save_map
from spotmap_build.stages.project import project
from spotmap_build.stages.shard import shard_outcome

__all__ = [
    "Clock",
    "Embedded",
    "Fetched",
    "Matched",
    "Previous",
    "Run",
    "add_covers",
    "add_excerpts",
    "analyze",
    "check_page",
    "cluster",
    "describe_map",
    "describe_nearness",
    "describe_plan",
    "embed",
    "emit",
    "fetch",
    "known_embeddings",
    "make_poster",
    "match",
    "project",
    "read_anchor",
    "save_map",
    "shard_outcome",
    "sweep",
]
