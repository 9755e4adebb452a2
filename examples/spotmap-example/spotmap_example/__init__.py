"""The rows that this package adds to spotmap-build's tables.

They are data, and this module is imported whenever one of them is asked for: so it imports nothing heavy. The code that
does the work is named as text, and loaded when it is used.
"""

from spotmap_build.registry.embedders import EmbedderSpec
from spotmap_build.registry.sources import SourceKind
from spotmap_build.registry.themes import Colors, Theme

BEETS = SourceKind("beets", "spotmap_example.beets:BeetsSource")

BANDS = EmbedderSpec(
    name="bands",
    model="spotmap_example.bands:Bands",
    summary="hears how loud each band of the spectrum is, and how much that changes",
    dimensions=64,
    tag_count=0,
    own_version=1,
    preprocessing="zscore",
    weights_sha256="",
)

FOREST = Theme(
    name="forest",
    summary="is green",
    light=Colors(
        background="#f6f9f2", noise="#9fab98", text="#16241a", muted="#4a5b4c", accent="#146b3a", panel="#ffffff"
    ),
    dark=Colors(
        background="#0c1510", noise="#5a6d5f", text="#e6f0e8", muted="#a3b5a7", accent="#7fdba0", panel="#14201a"
    ),
)
