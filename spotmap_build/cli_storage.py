"""The commands ``cache``, ``store`` and ``deploy``, which manage the results of builds: parse, call, print."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from spotmap_build.cli_help import Command, Group
from spotmap_build.cli_options import echo, read_config

if TYPE_CHECKING:
    from spotmap_build.config import Config
    from spotmap_build.store.sync import Store

EXIT_CACHE: Final = 5
EXIT_STORE: Final = 6


@click.group(cls=Group)
def cache() -> None:
    """Inspect, check or shrink the cache, or merge another one into it."""


cache_dir_option = click.option(
    "--cache-dir", type=str, metavar="DIR", help="Folder of the cache.  [default: .spotmap/cache]"
)


@cache.command()
@cache_dir_option
def stats(cache_dir: str | None) -> None:
    """Show the number and size of entries of each kind."""
    from spotmap_build.cache import maintenance
    from spotmap_build.describe import describe_stats

    echo(describe_stats(maintenance.stats(read_config({"cache_dir": cache_dir}).cache_dir)))


@cache.command()
@cache_dir_option
@click.option("--subset", type=click.FloatRange(0, 1), default=1.0, help="Check only this fraction of the entries.")
def check(cache_dir: str | None, subset: float) -> None:
    """Verify all entries and move damaged ones to quarantine/; they are computed again when needed."""
    from spotmap_build.cache import maintenance
    from spotmap_build.describe import describe_check

    report = maintenance.check(read_config({"cache_dir": cache_dir}).cache_dir, subset=subset)
    echo(describe_check(report))
    if not report.is_clean:
        sys.exit(EXIT_CACHE)


@cache.command()
@cache_dir_option
@click.option(
    "--max-size", type=str, metavar="SIZE", help="Keep at most this much, such as 2G: the most recently used entries."
)
@click.option(
    "--max-age-days",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Remove entries that have not been used for this many days.",
)
@click.option("--unused", is_flag=True, help="Remove entries that the last ten builds of each site did not use.")
def prune(cache_dir: str | None, max_size: str | None, max_age_days: int | None, unused: bool) -> None:
    """Shrink the cache. Removed results are computed again when needed.

    Without an option, only damaged entries, leftovers of interrupted builds and the copy of the store are removed;
    `store push` and `store pull` fetch the copy again.
    """
    from spotmap_build.cache.prune import PrunePolicy
    from spotmap_build.cache.prune import prune as prune_cache
    from spotmap_build.describe import describe_prune

    policy = PrunePolicy(
        max_size_bytes=_size(max_size) if max_size else None,
        max_age_s=max_age_days * 86_400 if max_age_days is not None else None,
        only_rooted=unused,
    )
    echo(describe_prune(prune_cache(read_config({"cache_dir": cache_dir}).cache_dir, policy)))


@cache.command()
@click.argument("other", type=click.Path(path_type=Path))
@cache_dir_option
def merge(other: Path, cache_dir: str | None) -> None:
    """Add the entries of another cache to this one, for example those of another machine.

    Each entry is verified. Entries that are as good or better in this cache stay as they are; OTHER is not changed.
    """
    from spotmap_build.cache.merge import merge as merge_cache
    from spotmap_build.describe import describe_merge

    echo(describe_merge(merge_cache(read_config({"cache_dir": cache_dir}).cache_dir, other)))


def _size(text: str) -> int:
    from spotmap_build.config_values import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} {error}") from error


@click.group(cls=Group)
def store() -> None:
    """Keep results in a permanent place, and bring them to other machines.

    ADDRESS is a folder, branch:NAME (a branch of the current git repository, at its origin), or git+URL#NAME. The
    default is branch:spotmap-store.
    """


@store.command()
@click.argument("address", required=False)
@cache_dir_option
@click.option("--out", type=str, metavar="DIR", help="Site whose tracks to send.  [default: site]")
@click.option(
    "--all", "everything", is_flag=True, help="Also send what the cache contains about tracks that are not on that map."
)
def push(address: str | None, cache_dir: str | None, out: str | None, everything: bool) -> None:
    """Send to the store the results for the map's tracks that it does not have yet.

    They include titles and artists, but no audio and no logins.
    """
    from spotmap_build import store as stores
    from spotmap_build.cache.store import Cache
    from spotmap_build.describe import describe_pushed

    config = read_config({"cache_dir": cache_dir, "out": out})
    place = _store(address, config)
    keys = None if everything else stores.keys_of_map(config.cache_dir, config.out)
    with Cache.open(config.cache_dir, create=False) as kept:
        pushed = stores.push(kept, config.cache_dir, place, time.time(), keys)
    echo(describe_pushed(pushed, place.shown))
    if pushed.damaged:
        sys.exit(EXIT_STORE)


@store.command()
@click.argument("address", required=False)
@cache_dir_option
def pull(address: str | None, cache_dir: str | None) -> None:
    """Fetch from the store the results that the cache does not have."""
    from spotmap_build import store as stores
    from spotmap_build.cache.store import Cache
    from spotmap_build.describe import describe_pulled

    config = read_config({"cache_dir": cache_dir})
    place = _store(address, config)
    with Cache.open(config.cache_dir) as kept:
        pulled = stores.pull(kept, place, time.time())
    echo(describe_pulled(pulled, place.shown))
    if pulled.damaged:
        sys.exit(EXIT_STORE)


def _store(address: str | None, config: Config) -> Store:
    from spotmap_build.config import working_folder
    from spotmap_build.store import DEFAULT_ADDRESS, open_store

    return open_store(address or DEFAULT_ADDRESS, working_folder(), config.cache_dir)


@click.command(cls=Command)
@click.argument("site", required=False, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "address",
    required=True,
    metavar="ADDRESS",
    help="A folder, branch (gh-pages at this repository's origin; another: branch:NAME), git+URL#NAME, or "
    "s3://BUCKET/PREFIX.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent and removed, without changing anything.")
@click.option("--force", is_flag=True, help="Deploy even to a place with other files; they are kept.")
@click.option("--endpoint-url", default="", metavar="URL", help="Address of an S3-compatible service (R2, MinIO).")
def deploy(site: Path | None, address: str, dry_run: bool, force: bool, endpoint_url: str) -> None:
    """Publish a built site to a folder, a branch or S3 (docs/hosting.md).  [default site: site]

    Only changed files are sent, the page last. Files of the previous version are kept for one more deployment, for
    pages that are still open; files that are not part of a site are never touched.
    """  # noqa: D400
    from spotmap_build import deploy as deployment
    from spotmap_build.config import working_folder
    from spotmap_build.describe import describe_deployed

    config = read_config({"out": str(site) if site else None})
    target = deployment.open_target(address, working_folder(), config.cache_dir, endpoint_url)
    built = deployment.read_site(config.out)
    deployed = target.deploy(built, force=force, dry_run=dry_run)
    echo(describe_deployed(built, deployed, target.shown, dry_run=dry_run))
