"""The commands: parse, call, print. No logic."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build.cli_help import show_usage_error
from spotmap_build.cli_options import (
    BuildCommand,
    DefaultCommandGroup,
    ask,
    echo,
    end_with,
    read_config,
    set_language_from,
)
from spotmap_build.cli_storage import cache, deploy, store
from spotmap_build.core.interrupts import handle_interrupts
from spotmap_build.core.language import AUTO
from spotmap_build.core.memory import tune_gc
from spotmap_build.core.translation import gettext, ngettext, set_language, translate
from spotmap_build.errors import SpotmapError, unexpected
from spotmap_build.registry.formats import EXPORT_FORMATS, LIST_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.config import Config
    from spotmap_build.emit.lists import ListFormat
    from spotmap_build.progress import Progress
    from spotmap_build.stages.push import Proposal

EXIT_INTERRUPTED: Final = 130

EPILOG: Final = """\b
Examples:
  spotmap-build init                          start a map in this folder: a few questions
  spotmap-build --source demo                 a small generated library; needs nothing
  spotmap-build --source folder:~/Music       every audio file in a folder
  spotmap-build login                         let it read your Spotify library, once every six months
  spotmap-build --source spotify              your saved tracks and your playlists
  spotmap-build --source takeout:data.zip     Spotify's export of your account; exportify:PATH likewise
  spotmap-build --source table:tracks.csv     a table, with vectors of your own if it has them
  spotmap-build review                        decide the tracks whose recording is in doubt
  spotmap-build preview                       look at the map in your browser
  spotmap-build deploy --to branch            publish it to a branch, a folder or S3
  spotmap-build build --help                  every option of a build
\b
Settings can also be given in spotmap.toml or in SPOTMAP_* environment variables.
Exit status: 0 done; 1 a bug; 2 usage; 3 published, but more tracks are missing than
--max-failures allows; 4 login needed; 5 cache; 6 a service; 130 interrupted.
"""


@click.group(cls=DefaultCommandGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(package_name="spotmap-build", prog_name="spotmap-build")  # looked up when it is asked for
def main() -> None:
    """Turn a music library into a map on which tracks that sound alike are close together.

    Without a command, the map is built: every track is analyzed once, placed on the map, and published as a folder of
    static files that any web host can serve.
    """


@main.command()
@click.option("--source", "sources", multiple=True, metavar="KIND[:PATH]", help="Where the music comes from.")
@click.option("--title", type=str, metavar="TEXT", help="The map's title.")
@click.option("--workflow/--no-workflow", default=None, help="Write a GitHub workflow that builds the map.")
@click.option("--yes", is_flag=True, help="Do not ask; use the defaults for options that are not given.")
def init(sources: tuple[str, ...], title: str | None, workflow: bool | None, yes: bool) -> None:
    """Start a map in this folder: settings, a workflow that publishes it, a README.

    Nothing is overwritten; an existing .gitignore gets the lines that exclude a build's files.
    """
    from spotmap_build import scaffold
    from spotmap_build.config import working_folder
    from spotmap_build.scaffold.action import find_action

    choices = scaffold.choose(sources, title, workflow, ask=None if yes or not sys.stdin.isatty() else ask)
    action, folder = find_action(), working_folder()
    made = scaffold.write_files(folder, scaffold.make_files(choices, action))
    echo(scaffold.describe_result(made, choices, action, folder))


@main.command(cls=BuildCommand)
def build(**flags: Any) -> None:
    """Build the map (the default command)."""
    from spotmap_build.cli_build import build_unless_unchanged

    if not any(flags.values()) and _offers_init() and _agrees(gettext("There is no map here. Set one up? [Y/n] ")):
        click.get_current_context().invoke(init)
        return
    with _configured(flags) as (config, progress):
        limit_from_s = click.get_current_context().obj
        ending = build_unless_unchanged(config, progress, limit_from_s)
    for text, level in ending.lines:
        progress.say(text, level=level)
    if ending.exit_status:
        sys.exit(ending.exit_status)


@main.command(cls=BuildCommand, left_out=("shard",))
def match(**flags: Any) -> None:
    """Find the recording of every track and write the report, without downloading or analyzing."""
    from spotmap_build import pipeline
    from spotmap_build.config import default_config
    from spotmap_build.describe import review_command, short_path
    from spotmap_build.summary import missing_lines

    with _configured(flags) as (config, progress):
        result = pipeline.match(config, progress)
    review = review_command(config, default_config(os.environ))
    echo(missing_lines(result.failures, review, result.names if sys.stderr.isatty() else {}))
    echo(map(translate, result.notices))
    place = short_path(config.report_path)
    echo([gettext("The report is {report}. Review doubtful matches with: {command}", report=place, command=review)])
    if result.problem is not None:
        raise result.problem


@main.command(cls=BuildCommand)
def plan(**flags: Any) -> None:
    """Say what a build would do, without analyzing or publishing anything."""
    from spotmap_build import pipeline

    with _configured(flags) as (config, progress):
        sentences = pipeline.plan(config, progress)
    echo(sentences)


@main.command()
@click.option("--client-id", type=str, metavar="ID", help="Client id of your Spotify app.  [default: the last one]")
@click.option("--paste", is_flag=True, help="If the browser is on another machine: paste its final address.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open Spotify's page in your browser.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Local port for the answer.  [default: a free one]"
)
@click.option(
    "--print-ci-secret", is_flag=True, help="Print this login as one line, to store as the secret of a scheduled build."
)
@click.option("--write", is_flag=True, help="Also allow creating and changing private playlists, which push needs.")
def login(
    *, client_id: str | None, paste: bool, open_browser: bool, port: int | None, print_ci_secret: bool, write: bool
) -> None:
    """Let spotmap-build read your Spotify library (docs/spotify.md); once every six months.

    Without --write, it cannot change anything there. spotmap-build does not ask for your password.
    """
    from spotmap_build.fetch.spotify.login import LoginDialog, ensure_login
    from spotmap_build.fetch.spotify.settings import SpotifySettings

    def say(text: str) -> None:
        echo(map(translate, text.split("\n")), err=True)

    kept = ensure_login(
        SpotifySettings.from_config(read_config({})),
        LoginDialog(say, ask=ask if paste else None, open_browser=open_browser and not paste, port=port or 0),
        client_id=client_id or "",
        reuse=print_ci_secret and client_id is None,
        write=write,
    )
    if print_ci_secret:
        click.echo(kept.secret)
    echo([kept.outcome], err=True)


@main.command()
@click.option("--report", type=str, metavar="FILE", help="Report of the build to review.  [default: the last one's]")
@click.option("--overrides", type=str, metavar="FILE", help="File for your choices.  [default: overrides.toml]")
@click.option("--all", "everything", is_flag=True, help="Go through all matched tracks, not only the doubtful ones.")
@click.option("--list", "only_list", is_flag=True, help="List the tracks without asking.")
@click.option("--missing", is_flag=True, help="List every track that is not on the map, with the reason; do not ask.")
def review(*, report: str | None, overrides: str | None, everything: bool, only_list: bool, missing: bool) -> None:
    """Decide the tracks whose recording is in doubt.

    Each choice is written to overrides.toml immediately; the next build processes only these tracks again.
    """
    from spotmap_build.acquire.matching import DOUBTFUL_BELOW
    from spotmap_build.acquire.review import missing_tracks, run_review

    config = read_config({"report": report, "overrides": overrides})
    if missing:
        echo(missing_tracks(config.report_path))
        return
    asks = not only_list and sys.stdin.isatty()
    run_review(
        config.report_path,
        config.overrides,
        ask=ask if asks else None,
        show=lambda text: echo(text.split("\n")),
        doubtful_below=DOUBTFUL_BELOW,
        everything=everything,
    )


def _offers_init() -> bool:
    """Return whether to offer ``init``: no settings name a source, and standard input is a terminal."""
    from spotmap_build.config import CONFIG_FILE

    return sys.stdin.isatty() and not (Path(CONFIG_FILE).exists() or read_config({}).sources)


def _agrees(question: str) -> bool:
    """Ask a yes/no question; anything but "n..." counts as yes."""
    return not ask(question).strip().casefold().startswith("n")


@main.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on.  [default: 8765, or the next free one]")
@click.option("--open/--no-open", "open_browser", default=False, help="Open the map in your browser.")
@click.option(
    "--watch",
    is_flag=True,
    help="Rebuild, without contacting a service, when the music, spotmap.toml, overrides.toml or the template changes.",
)
def preview(folder: Path | None, port: int | None, open_browser: bool, watch: bool) -> None:
    """Serve a built site on this machine, to view it and to play your own files.  [default folder: site]"""  # noqa: D400
    from spotmap_build import watching
    from spotmap_build.emit.local_audio import LocalAudio
    from spotmap_build.emit.preview import serve

    def read() -> Config:
        return read_config({"out": str(folder) if folder else None})

    config = read()
    if watch:
        echo(filter(None, [translate(watching.not_refreshed(config))]))
    serve(
        config.out,
        port=port,
        open_browser=open_browser,
        watch=watching.watch(read) if watch else None,
        audio=LocalAudio(config.local_audio_path),
    )


@main.command(cls=BuildCommand, left_out=("shard",))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(LIST_FORMATS),
    default=("m3u8",),
    help="Format of the lists; can be given twice.  [default: m3u8]",
)
def playlists(folder: Path, formats: tuple[ListFormat, ...], **flags: Any) -> None:
    """Export clusters, suggested playlists and misfits as playlist files; run it again to update them."""
    from spotmap_build import cached_map
    from spotmap_build.describe import update_lines

    with _configured(flags) as (config, progress):
        updated = cached_map.write_lists(config, progress, folder, formats)
    echo(update_lines(updated, folder))


@main.command(cls=BuildCommand, left_out=("shard",))
@click.argument("choice", nargs=-1, metavar="[LIST]...")
@click.option("--list", "only_list", is_flag=True, help="Name the available lists, and do nothing else.")
@click.option("--dry-run", is_flag=True, help="Show what would change, without changing anything.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--exact", is_flag=True, help="Undo your manual changes to these playlists.")
def push(choice: tuple[str, ...], only_list: bool, dry_run: bool, yes: bool, exact: bool, **flags: Any) -> None:
    """Write lists of the map as private playlists on Spotify; run it again to update them.

    LIST is clusters, regions, new (playlists that you have not made yet), misfits (tracks that do not fit a playlist),
    or the name or id of one list. Only playlists created by this command change. It needs: spotmap-build login --write
    """
    from spotmap_build import cached_map
    from spotmap_build.describe import list_lines, push_lines

    def agree(proposal: Proposal) -> bool:
        echo(push_lines(proposal))
        if dry_run or not proposal.is_needed or yes:
            return not dry_run
        if not sys.stdin.isatty():
            raise click.UsageError("These changes need a confirmation, and the input is not a terminal: give --yes.")
        agrees = ask(gettext("Make these changes on Spotify? [y/N] ")).strip().casefold() in {"y", "yes"}
        echo([] if agrees else [gettext("Nothing was changed.")])
        return agrees

    with _configured(flags) as (config, progress):
        chosen = choice or config.push_lists
        if not (chosen or only_list):
            raise click.UsageError("No list was chosen. To see the available lists: spotmap-build push --list")
        if only_list:
            echo(list_lines(cached_map.lists_of_map(config, progress)))
        else:
            cached_map.push(config, progress, chosen, dry_run=dry_run, exact=exact, agree=agree)


@main.command(cls=BuildCommand, left_out=("out", "shard"))
@click.option(
    "--out",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file to write.",
)
@click.option(
    "--format", "file_format", type=click.Choice(EXPORT_FORMATS), help="File format.  [default: by the file's name]"
)
@click.option("--vectors", is_flag=True, help="Include the embedding vectors and tags (Parquet and npz only).")
@click.option("--site", "out", type=str, metavar="DIR", help="Site whose map to export.  [default: site]")
def export(target: Path, file_format: str | None, vectors: bool, **flags: Any) -> None:
    """Write the map as one table for other programs: titles, positions, clusters, features.

    Parquet opens in embedding-atlas and pandas, GeoJSON in QGIS, npz in numpy. It contains no file paths.
    """
    from spotmap_build import cached_map

    chosen = file_format or target.suffix.removeprefix(".").lower()
    if chosen not in EXPORT_FORMATS:
        raise click.UsageError(
            f"The file name {target.name} does not end in a known format: add --format {'|'.join(EXPORT_FORMATS)}."
        )
    if vectors and chosen not in {"parquet", "npz"}:
        raise click.UsageError(f"--vectors needs --format parquet or npz: {chosen} cannot hold them.")
    with _configured(flags) as (config, progress):
        count = cached_map.export_map(config, progress, target, chosen, with_vectors=vectors)
    echo([ngettext("{count} track is in {file}.", "{count} tracks are in {file}.", count, file=target)])


@main.command(cls=BuildCommand, left_out=("shard",))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def card(file: Path, **flags: Any) -> None:
    """Write a small file that a friend can add to their map: --source card:FILE.

    It contains the names of your tracks and roughly how each sounds, in 8 bits per direction. It contains no playlists,
    dates, plays, audio or paths of your files.
    """
    from spotmap_build import cached_map

    with _configured(flags) as (config, progress):
        count = cached_map.write_card(config, progress, file)
    written = ngettext("{count} track is in {file}.", "{count} tracks are in {file}.", count, file=file)
    option = f"--source card:{file.name}"
    echo([" ".join((written, gettext("A friend can add it with: {option}", option=option)))])


main.add_command(cache)
main.add_command(store)
main.add_command(deploy)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def doctor(as_json: bool) -> None:
    """Check that this machine has everything that a build needs."""
    from spotmap_build import doctor as examination

    config = read_config({})
    if as_json:
        set_language(AUTO)  # programs identify findings by their English names
    findings = examination.examine(config)
    if as_json:
        click.echo(examination.as_json(findings))
    else:
        echo(examination.as_text(findings).split("\n"))
    if any(finding.level == "error" for finding in findings):
        sys.exit(2)


@contextmanager
def _configured(flags: dict[str, Any]) -> Iterator[tuple[Config, Progress]]:
    """Read the configuration from the options and open the progress display; close it at the end."""
    from spotmap_build.progress import make_progress

    config = read_config(flags)
    progress = make_progress(config.log)
    try:
        yield config, progress
    finally:
        progress.close()


def run() -> None:
    """Entry point of the command: turn errors into a message, a hint and an exit status."""
    handle_interrupts()
    tune_gc()
    os.environ["PYTHONSAFEPATH"] = "1"  # child processes must not import code from the working folder
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)  # show a traceback if compiled code crashes
    arguments = sys.argv[1:]
    set_language_from(arguments, reads_file=not {"-h", "--help"}.isdisjoint(arguments))
    try:
        main(standalone_mode=False, obj=_process_started_s)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        set_language_from(arguments, reads_file=True)
        show_usage_error(error)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo(gettext("Stopped. Finished work is kept; run the same command again to continue."), err=True)
        sys.exit(EXIT_INTERRUPTED)
    except SpotmapError as error:
        end_with(error)
    except Exception as error:  # noqa: BLE001 - a bug: show where, and what to do
        traceback.print_exc()
        end_with(unexpected(error))


def _process_started_s() -> float:
    """Return when this process was started (on the ``time.monotonic`` clock), before any import."""
    from spotmap_build.core.cpu_contention import process_age_s

    return time.monotonic() - process_age_s()
