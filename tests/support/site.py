"""Read the data of a published site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spotmap_build.emit.site import served_generation


def published_document(site: Path, name: str = "map.json") -> dict[str, Any]:
    """Return a JSON document of the generation that the site's page names."""
    content: dict[str, Any] = json.loads((site / "data" / served_generation(site) / name).read_bytes())
    return content
