"""A built site where people find it: in another folder, on a branch of a git repository, in S3 or what speaks like it.

All keep what visitors have open whole: new files come first, then the page, and only then the files go that neither
this version nor the one before it has. Nothing that is not a site's is changed.
"""

from spotmap_build.deploy.addresses import DEFAULT_BRANCH, open_target
from spotmap_build.deploy.built import BuiltSite, read_site
from spotmap_build.deploy.target import Deployed, DeployError, Target

__all__ = ["DEFAULT_BRANCH", "BuiltSite", "DeployError", "Deployed", "Target", "open_target", "read_site"]
