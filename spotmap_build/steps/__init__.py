"""Each stage of the build behind the cache: make the key, look it up, compute only what is missing.

The stages themselves know nothing of the cache and nothing of each other; this is where they meet.
"""

from spotmap_build.steps.cluster import cluster
from spotmap_build.steps.embed import Heard, embed
from spotmap_build.steps.emit import emit
from spotmap_build.steps.fetch import Fetched, fetch
from spotmap_build.steps.match import match
from spotmap_build.steps.past import remember_map
from spotmap_build.steps.plan import describe_plan
from spotmap_build.steps.project import project
from spotmap_build.steps.run import Clock, Run
from spotmap_build.steps.sound.scratch import sweep
from spotmap_build.steps.understand import describe_map, understand

__all__ = [
    "Clock",
    "Fetched",
    "Heard",
    "Run",
    "cluster",
    "describe_map",
    "describe_plan",
    "embed",
    "emit",
    "fetch",
    "match",
    "project",
    "remember_map",
    "sweep",
    "understand",
]
