"""The emulation of GitHub's workflows does what GitHub does where this project relies on it, and refuses the rest."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.expressions import Scope, Unsupported, evaluate, fill_in, is_met
from tests.support.workflow import JobResult, Repository

CONTEXTS: dict[str, dict[str, Any]] = {
    "github": {"event_name": "schedule"},
    "vars": {"TITLE": "Mine"},
    "secrets": {},
    "steps": {"build": {"outputs": {"status": "4"}, "outcome": "success"}},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.TITLE", "Mine"),
        ("vars.ABSENT", ""),
        ("secrets.ABSENT", ""),
        ("steps.build.outputs.absent", ""),
        ("steps.build.outputs.status == '4'", True),
        ("vars.TITLE == 'mine'", True),
        ("vars.TITLE != ''", True),
        ("!(github.event_name == 'push') && vars.TITLE", "Mine"),
        ("github.event_name == 'push' || vars.ABSENT || 'it''s'", "it's"),
        ("failure() || always()", True),
        ("!cancelled() && true", True),
        ("false", False),
    ],
)
def test_expressions_have_the_value_that_they_have_on_github(expression: str, value: object) -> None:
    assert evaluate(expression, Scope(CONTEXTS)) == value


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "hashFiles('a')",
            "matrix.python",
            "steps.other.outputs.x",
            "github.sha",
            "'a' 'b'",
            "(vars.TITLE",
            "1 < 2",
            "",
        ),
        *("vars.TITLE == true", "success(", "&& vars.TITLE", "steps"),
    ],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(Unsupported):
        evaluate(expression, Scope(CONTEXTS))


@pytest.mark.parametrize(
    ("condition", "status", "holds"),
    [
        ("vars.TITLE != ''", "success", True),
        ("vars.TITLE != ''", "failure", False),
        ("always()", "failure", True),
        ("${{ !cancelled() && vars.TITLE != '' }}", "failure", True),
        ("${{ !cancelled() }}", "cancelled", False),
        ("failure()", "success", False),
        ("'always()'", "failure", False),
    ],
)
def test_a_condition_holds_only_while_nothing_failed_unless_it_asks(condition: str, status: str, holds: bool) -> None:
    assert is_met(condition, Scope(CONTEXTS, status)) is holds


def test_expressions_in_a_text_are_replaced() -> None:
    assert fill_in("a-${{ vars.TITLE }}-${{ true }}", Scope(CONTEXTS)) == "a-Mine-true"


def repository(folder: Path, **settings: dict[str, str]) -> Repository:
    source = folder / "source"
    source.mkdir()
    subprocess.run(["git", "init", "--quiet", source], check=True)
    source.joinpath("greeting.txt").write_text("hello")
    source.joinpath(".gitignore").write_text("private.txt\n")
    source.joinpath("private.txt").write_text("x")
    (folder / "home").mkdir()
    return Repository(source, folder / "home", **settings)  # type: ignore[arg-type]


def run(repo: Repository, folder: Path, steps: str, jobs: str = "") -> JobResult:
    """One run of a workflow whose job ``build`` has these steps."""
    workflow = folder / "workflow.yml"
    workflow.write_text(f"on: push\njobs:\n  build:\n    runs-on: x\n    steps:\n{steps}{jobs}")
    return repo.run(workflow)["build"]


def test_steps_share_a_fresh_checkout_and_pass_outputs_on(tmp_path: Path) -> None:
    steps = """
      - uses: actions/checkout@v7
      - id: first
        run: echo "word=$(cat greeting.txt)" >>"$GITHUB_OUTPUT"; ls -A; echo "# Page" >>"$GITHUB_STEP_SUMMARY"
      - name: second
        env:
          WORD: ${{ steps.first.outputs.word }} ${{ vars.NAME }} ${{ secrets.KEY }}
        run: echo "$WORD, ${SPOTMAP_X:-nothing}, ${USER_OF_THE_TEST:-nobody}"
"""
    repo = repository(tmp_path, variables={"NAME": "you"}, secrets={"KEY": "k"}, environment={"SPOTMAP_X": "a service"})
    job = run(repo, tmp_path, steps)
    assert job.conclusion == "success"
    assert "private.txt" not in job.printed
    assert job.step("second").printed == "hello you k, a service, nobody\n"
    assert job.summary == "# Page\n"
    assert run(repo, tmp_path, steps).workspace != job.workspace


def test_after_a_failure_only_those_steps_run_that_ask_for_it(tmp_path: Path) -> None:
    job = run(
        repository(tmp_path),
        tmp_path,
        """
      - {name: a, run: "false; echo not reached"}
      - {name: b, run: echo b}
      - {name: c, if: always(), run: echo c}
      - {name: d, if: failure(), run: echo d}
""",
    )
    assert job.conclusion == "failure"
    assert [step.outcome for step in job.steps] == ["failure", "skipped", "success", "success"]
    assert job.printed == "c\nd\n"


CACHED = """
      - id: restore
        uses: actions/cache/restore@v5
        with: {path: "kept", key: "k-${{ github.run_id }}", restore-keys: "k-"}
      - run: mkdir -p kept; echo ${{ github.run_id }} >>kept/runs; cat kept/runs
      - uses: actions/cache/save@v5
        with: {path: "kept", key: "k-${{ github.run_id }}"}
      - {name: told, run: "echo '${{ steps.restore.outputs.cache-matched-key }}'"}
"""


def test_a_cache_comes_back_in_the_next_run(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    assert run(repo, tmp_path, CACHED).printed == "0001\n\n"
    assert run(repo, tmp_path, CACHED).printed == "0001\n0002\nk-0001\n"
    assert run(repo, tmp_path, CACHED).printed == "0001\n0002\n0003\nk-0002\n"


def test_a_cache_of_other_paths_is_another_cache(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    run(repo, tmp_path, CACHED)
    assert run(repo, tmp_path, CACHED.replace('"kept"', '"kept\\nmore"')).printed == "0002\n\n"


DEPLOY = """
  deploy:
    needs: build
    if: ${{ !cancelled() && needs.build.outputs.go == 'yes' }}
    permissions: {pages: write, id-token: write}
    runs-on: x
    steps:
      - uses: actions/deploy-pages@v5
"""


@pytest.mark.parametrize(("go", "ends", "deployed"), [("yes", 0, True), ("yes", 1, True), ("no", 0, False)])
def test_a_site_is_deployed_by_the_job_that_may(tmp_path: Path, go: str, ends: int, deployed: bool) -> None:
    repo = repository(tmp_path)
    steps = f"""
      - run: mkdir site; echo map >site/index.html
      - id: decide
        run: echo go={go} >>"$GITHUB_OUTPUT"
      - uses: actions/upload-pages-artifact@v5
        with: {{path: site}}
      - run: exit {ends}
    outputs:
      go: ${{{{ steps.decide.outputs.go }}}}
"""
    assert run(repo, tmp_path, steps, DEPLOY).conclusion == ("failure" if ends else "success")
    assert (repo.pages / "index.html").exists() is deployed


def test_a_cancelled_run_interrupts_the_step_and_still_does_what_is_always_done(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    workflow = tmp_path / "workflow.yml"
    workflow.write_text("""
on: push
jobs:
  build:
    runs-on: x
    steps:
      - {name: long, run: "trap 'echo interrupted; exit 1' INT; touch started; while true; do sleep 0.05; done"}
      - {name: next, run: echo next}
      - {name: last, if: always(), run: echo last}
""")
    job = repo.run(workflow, cancel_when=lambda workspace: (workspace / "started").exists())["build"]
    # The person cancels once: what is always done is not cancelled again.
    assert job.conclusion == "cancelled"
    assert [step.outcome for step in job.steps] == ["cancelled", "skipped", "success"]
    assert job.printed == "interrupted\nlast\n"


@pytest.mark.parametrize(
    "step",
    [
        "{uses: actions/stale@v9}",
        "{run: echo, shell: python}",
        "{run: echo, continue-on-error: true}",
        "{run: echo, if: hashFiles('x')}",
        "{run: 'echo x >>$GITHUB_OUTPUT'}",
    ],
)
def test_a_step_that_is_not_understood_is_refused(tmp_path: Path, step: str) -> None:
    with pytest.raises(Unsupported):
        run(repository(tmp_path), tmp_path, f"      - {step}\n")


def test_a_job_that_is_not_wanted_is_skipped(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow.yml"
    workflow.write_text("on: push\njobs: {build: {if: vars.X != '', runs-on: x, steps: [{run: 'false'}]}}")
    assert repository(tmp_path).run(workflow)["build"].conclusion == "skipped"
