"""Where on GitHub the action is that a new map's workflow runs: that of the very version which writes the workflow."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from spotmap_build.core.documents import parse_json

UNKNOWN_OWNER: Final = "__OWNER__"
"""No account on GitHub can have this name, so a workflow that nobody completed runs nobody's code."""
NAME: Final = "spotmap-build"
_REPOSITORY: Final = re.compile(r"(?:git\+)?(?:https|ssh)://(?:git@)?github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def find_action() -> str:
    """Return what a workflow ``uses``: the commit that was installed from GitHub, else the tag of the release."""
    try:
        return action_of(distribution(NAME))
    except PackageNotFoundError:  # run from a copy of the sources that was never installed
        return f"{UNKNOWN_OWNER}/{NAME}@v1"


def action_of(installed: Distribution) -> str:
    """Return what a workflow ``uses`` to run this package.

    Where it was installed from stands in what pip wrote (``direct_url.json``, PEP 610); else in its own list of
    addresses. Where neither names a repository on GitHub, the account is :data:`UNKNOWN_OWNER`.
    """
    tag = f"v{installed.version}"
    try:
        origin = parse_json(installed.read_text("direct_url.json") or "{}")
    except ValueError:
        origin = {}
    match origin:
        case {"url": str(url), "vcs_info": {"commit_id": str(commit)}} if _COMMIT.fullmatch(commit):
            if repository := _REPOSITORY.fullmatch(url):
                return f"{repository[1]}@{commit} # {tag}"
    for entry in installed.metadata.get_all("Project-URL") or ():
        label, _, url = entry.partition(", ")
        if label.lower() in {"repository", "source"} and (repository := _REPOSITORY.fullmatch(url)):
            return f"{repository[1]}@{tag}"
    return f"{UNKNOWN_OWNER}/{NAME}@{tag}"
