"""Find the GitHub action that a new map's workflow runs, in the version of this package."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from spotmap_build.core.documents import parse_json

UNKNOWN_OWNER: Final = "__OWNER__"
"""No GitHub account can have this name, so an unedited workflow never runs someone else's code."""
NAME: Final = "spotmap-build"
_REPOSITORY: Final = re.compile(r"(?:git\+)?(?:https|ssh)://(?:git@)?github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def find_action() -> str:
    """Return the value of ``uses`` for a workflow: the commit installed from GitHub, or the tag of the release."""
    try:
        return action_of(distribution(NAME))
    except PackageNotFoundError:  # running from a source tree that is not installed
        return f"{UNKNOWN_OWNER}/{NAME}@v1"


def action_of(installed: Distribution) -> str:
    """Return the value of ``uses`` with which a workflow runs this package.

    The repository is that from which pip installed it (``direct_url.json``, PEP 610), or that in the project's URLs. If
    neither is a repository on GitHub, the account is :data:`UNKNOWN_OWNER`.
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
