"""The commands about what builds left, here (``cache``) and elsewhere (``store``, ``deploy``): parse, call, print."""

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
    from spotmap_build.store.exchange import Store

EXIT_CACHE: Final = 5
EXIT_STORE: Final = 6


@click.group(cls=Group)
def cache() -> None:
    """Look into the cache, check it, make it smaller, or add another one to it."""


cache_dir_option = click.option("--cache-dir", type=str, metavar="DIR", help="Which cache.  [default: .spotmap/cache]")


@cache.command()
@cache_dir_option
def stats(cache_dir: str | None) -> None:
    """How much there is of what."""
    from spotmap_build.cache import maintenance
    from spotmap_build.describe import describe_stats

    echo(describe_stats(maintenance.stats(read_config({"cache_dir": cache_dir}).cache_dir)))


@cache.command()
@cache_dir_option
@click.option("--subset", type=click.FloatRange(0, 1), default=1.0, help="Check only this share of the entries.")
def check(cache_dir: str | None, subset: float) -> None:
    """Read everything back and move damaged entries to quarantine/; they are computed again when they are needed."""
    from spotmap_build.cache import maintenance
    from spotmap_build.describe import describe_check

    report = maintenance.check(read_config({"cache_dir": cache_dir}).cache_dir, subset=subset)
    echo(describe_check(report))
    if not report.is_clean:
        sys.exit(EXIT_CACHE)


@cache.command()
@cache_dir_option
@click.option("--max-size", type=str, metavar="SIZE", help="Keep at most this much, such as 2G: the latest used.")
@click.option("--max-age-days", type=click.IntRange(0), metavar="DAYS", help="Drop what was not used for so long.")
@click.option("--unused", is_flag=True, help="Drop what the last ten builds of each site did not use.")
def prune(cache_dir: str | None, max_size: str | None, max_age_days: int | None, unused: bool) -> None:
    """Make the cache smaller. What is dropped is computed again if it is needed again.

    Without an option, only damaged entries, what interrupted builds left and the copy of the store go: `store push` and
    `store pull` fetch that again.
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
    """Add the entries of another cache to this one, such as those that another machine made.

    Each is verified on its way. What this cache knows as well or better stays as it is; OTHER is not changed.
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
    """Keep what was heard and matched where it lasts, and bring it to another machine.

    ADDRESS is a folder, branch:NAME (a branch of the git repository that you are in, at its origin), or git+URL#NAME.
    Without one it is branch:spotmap-store.
    """


@store.command()
@click.argument("address", required=False)
@cache_dir_option
@click.option("--out", type=str, metavar="DIR", help="The map whose tracks they are.  [default: site]")
@click.option("--all", "everything", is_flag=True, help="Also what the cache knows of tracks that are not on that map.")
def push(address: str | None, cache_dir: str | None, out: str | None, everything: bool) -> None:
    """Send to the store what was heard and matched of the tracks on the map, and is not there yet.

    Titles and artists are in it; audio and logins are not.
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
    """Bring into the cache what the store knows and the cache does not."""
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
    help="A folder, branch (gh-pages of this repository's origin; another: branch:NAME), git+URL#NAME, or "
    "s3://BUCKET/PREFIX.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent and removed, and change nothing.")
@click.option("--force", is_flag=True, help="Also where other files lie; they are kept.")
@click.option("--endpoint-url", default="", metavar="URL", help="Of a service that speaks like S3 (R2, MinIO).")
def deploy(site: Path | None, address: str, dry_run: bool, force: bool, endpoint_url: str) -> None:
    """Publish a built site in a folder, on a branch or in S3 (docs/hosting.md).  [default site: site]

    Only what changed is sent, the page last. What the last version needs is kept for one deployment more, for pages
    that are still open; files that are not a site's are never touched.
    """  # noqa: D400
    from spotmap_build import deploy as deployment
    from spotmap_build.config import working_folder
    from spotmap_build.describe import describe_deployed

    config = read_config({"out": str(site) if site else None})
    target = deployment.open_target(address, working_folder(), config.cache_dir, endpoint_url)
    built = deployment.read_site(config.out)
    deployed = target.deploy(built, force=force, dry_run=dry_run)
    echo(describe_deployed(built, deployed, target.shown, dry_run=dry_run))
