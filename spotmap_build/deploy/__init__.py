"""Deploy a built site to another folder, a branch of a git repository, or S3-compatible storage.

Pages that visitors have open keep working: new files are sent first, then the page, and then files that neither this
version nor the previous one uses are deleted. Files that do not belong to a site are never changed.
"""

from spotmap_build.deploy.addresses import DEFAULT_BRANCH, open_target
from spotmap_build.deploy.built import BuiltSite, read_site
from spotmap_build.deploy.target import Deployed, DeployError, Target

__all__ = ["DEFAULT_BRANCH", "BuiltSite", "DeployError", "Deployed", "Target", "open_target", "read_site"]
