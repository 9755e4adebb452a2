"""Render templates in Jinja's sandbox, which limits what they can do, in a process that limits time and memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final

import orjson

from spotmap_build.core.language import page_gettext, page_ngettext
from spotmap_build.core.processes import limit_cpu, limit_memory, set_up_worker, start_worker

if TYPE_CHECKING:
    from jinja2 import Environment

DEADLINE_S: Final = 60.0
"""Rendering takes less than a second, with the start of the process."""
CPU_S: Final = 10
MEMORY_BYTES: Final = 256 << 20
MAX_PAGES_BYTES: Final = 32 << 20
TOO_MUCH: Final = (
    f"it takes more than {CPU_S} seconds, {MEMORY_BYTES >> 20} MB of memory or {MAX_PAGES_BYTES >> 20} MB of text"
)

_OF_EXPRESSIONS: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""Other exceptions that invalid expressions in a template can raise."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a template cannot be rendered. ``line``: 0 if unknown; ``error``: None if it occurred in another process."""

    reason: str
    line: int = 0
    error: Exception | None = None


Rendered = dict[str, str | Fault]


def render(pages: Mapping[str, str], variables: Mapping[str, Any]) -> Rendered:
    """Render templates, and return the text or the fault of each by name."""
    from jinja2 import TemplateError, TemplateSyntaxError

    environment = _environment(tuple(pages.items()))
    environment.globals.update(_words(variables["language"]))
    rendered: Rendered = {}
    for name in pages:
        try:
            rendered[name] = environment.get_template(name).render(variables)
        except (TemplateError, *_OF_EXPRESSIONS) as error:
            line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
            reason = TOO_MUCH if isinstance(error, MemoryError) else str(error).rstrip(".")
            rendered[name] = Fault(reason or type(error).__name__, line, error)
    return rendered


@lru_cache(maxsize=1)
def _environment(pages: tuple[tuple[str, str], ...]) -> Environment:
    """Return the environment of these templates, which keeps them compiled: that takes longer than rendering."""
    from jinja2 import DictLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(pages)), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )


def render_in_process(pages: Mapping[str, str], variables: Mapping[str, Any]) -> Rendered:
    """Render like :func:`render` in a process with limits on time, memory and output."""
    process, ours = start_worker(_serve, CPU_S, name="spotmap-templates")
    try:
        ours.send_bytes(orjson.dumps([pages, variables]))
        content = ours.recv_bytes(MAX_PAGES_BYTES) if ours.poll(DEADLINE_S) else b""
    except (OSError, EOFError):  # it was killed, or wrote too much
        content = b""
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    if not content:
        return dict.fromkeys(pages, Fault(TOO_MUCH))
    return {name: text if isinstance(text, str) else Fault(*text) for name, text in orjson.loads(content).items()}


def _serve(connection: Connection[object, object], cpu_s: int) -> None:
    set_up_worker()
    pages, variables = orjson.loads(connection.recv_bytes())
    limit_memory(MEMORY_BYTES)
    limit_cpu(cpu_s)
    rendered = render(pages, variables)
    answer = {name: text if isinstance(text, str) else (text.reason, text.line) for name, text in rendered.items()}
    connection.send_bytes(orjson.dumps(answer))


def _words(language: str) -> dict[str, Callable[..., str]]:
    """Return the translation functions of templates. ``scripts.catalog`` extracts messages by their names.

    ``_`` and ``ngettext`` return English, which the page's script translates for the reader. ``_now`` and
    ``_now_counted`` translate immediately, for text that is shown if the script does not run.
    """
    from markupsafe import Markup, escape

    def filled(message: str, values: dict[str, object]) -> Markup:
        return Markup(escape(message)).format(**values) if values else escape(message)

    return {
        "_": lambda message, **values: filled(message, values),
        "ngettext": lambda one, many, count: page_ngettext("en", one, many, count),
        "_now": lambda message, **values: filled(page_gettext(language, message), values),
        "_now_counted": lambda one, many, count: page_ngettext(language, one, many, count),
    }
