"""Extract the sentences of errors, hints and failures from the code as patterns, for the catalog ``errors``.

``raise SourceError(f"{path} has no rows.", hint=HINT)`` gives two messages: ``{path} has no rows.`` and that of
``HINT``. Texts are traced through names, conditional expressions and the functions that return them. A text of several
sentences gives one message per sentence, because sentences are translated separately
(``spotmap_build/core/sentences.py``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from spotmap_build.core.sentences import SENTENCE_END, VALUE, literal_letter_count

PACKAGE: Final = Path(__file__).parents[1] / "spotmap_build"
BASE: Final = "SpotmapError"
ARGUMENT: Final = {
    "TrackError": 1,
    "Failed": 3,
    "Unusable": 1,
    "Omission": 3,
    "_omitted": 3,
    "_refused": 0,
    "_track": 1,
    "_unreached": 0,
    "UsageError": 0,
    "BadParameter": 0,
    "translatable": 0,
    "_say": 0,
    "say": 0,
}
"""Positions of the arguments of these calls that are sentences; for errors, it is the first argument."""
INTERNAL_MODULES: Final = (
    "acquire/cached_embeddings",
    "cache/",
    "cluster/",
    "embed/",
    "emit/boundaries",
    "insights/",
    "project/",
    "stages/",
)
"""Modules whose ``ValueError`` is about internal data. In other modules it is about the user's input."""
KEYWORDS: Final = ("hint", "detail", "disabled_reason", "notice", "notices", "problem")
EXTRACTED_AT_SOURCE: Final = {
    "message",
    "hint",
    "_hint",
    "detail",
    "reason",
    "stopped",
    "outcome",
    "question",
    "problem",
    "notices",
}
"""Attributes that hold a text which is extracted at its source."""
_CARRIED: Final = re.compile(r"^\s*\{\w+\} (?=[A-Z][a-z])")
"""A value that is a sentence, followed by another one."""
_ADDED: Final = re.compile(r"\.\{\w+\}$")
"""A value that is optional further sentences."""
_FORMATTED: Final = re.compile(r"\{(\w+):[^{}]*\}")
"""A placeholder with a format, which is filled in later."""
MIN_LETTERS: Final = 6
"""Minimum number of literal letters in a pattern. With fewer, it would match almost any text."""
METHODS: Final = {"join", "rstrip", "strip", "replace", "get", "format"}
"""Methods of texts, and of tables of texts, that return a text."""
MAX_DEPTH: Final = 12


class UnreadableText(ValueError):
    """The text of an error cannot be extracted from the code."""


@dataclass
class _Module:
    name: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Location:
    """The module and function of an expression, in which its names are resolved."""

    module: _Module
    function: ast.AST | None = None


@cache
def find_sentences() -> dict[str, str]:
    """Return every message with the path of its file.

    Raises
    ------
    UnreadableText
        The text of an error cannot be extracted from the code.
    """
    found: dict[str, str] = {}
    known: set[str] = set()
    for text, path, is_marked in _Reader().texts():
        for message in split_sentences(text):
            shape = VALUE.sub("{}", message)
            if shape not in known and (is_marked or is_telling(message)):
                known.add(shape)
                found[message] = path
    return found


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences, without surrounding spaces."""
    text = _FORMATTED.sub(r"{\1}", text)
    parts = [_ADDED.sub(".", _CARRIED.sub("", part)).strip() for part in SENTENCE_END.split(text)]
    return [part for part in parts if part]


def is_telling(message: str) -> bool:
    """Return whether a message has enough literal text. A pattern without it would match every text."""
    return literal_letter_count(message) >= MIN_LETTERS and " " in VALUE.sub("", message.strip()).strip(" .:")


class _Reader:
    def __init__(self) -> None:
        self._modules = dict(map(_module, sorted(PACKAGE.rglob("*.py"))))
        self._errors = {BASE}
        classes = [
            node for each in self._modules.values() for node in ast.walk(each.tree) if isinstance(node, ast.ClassDef)
        ]
        while (
            more := {one.name for one in classes if {_last(base) for base in one.bases} & self._errors} - self._errors
        ):
            self._errors |= more

    def texts(self) -> Iterator[tuple[str, str, bool]]:
        """Yield every text of an error, hint or failure, and the possible texts of its parts.

        Each comes with the path of its file, and whether it is marked in the code as a message of the catalog.
        """
        for module in self._modules.values():
            path = f"spotmap_build/{module.name}"
            for function, call in _calls(module.tree):
                for node in self._message_arguments(call, module.name):
                    is_marked = _last(call.func) == "translatable"
                    try:
                        for text in self._resolve(node, _Location(module, function), strict=True):
                            yield text, path, is_marked
                            is_marked = False  # the possible texts of its values are not marked
                    except UnreadableText as error:
                        raise UnreadableText(f"{path}:{call.lineno}: {error}") from None

    def _message_arguments(self, call: ast.Call, path: str) -> Iterator[ast.expr]:
        name = _last(call.func)
        is_ours = name in self._errors or (name == "ValueError" and not path.startswith(INTERNAL_MODULES))
        position = ARGUMENT.get(name, 0 if is_ours else None)
        if position is not None and len(call.args) > position:
            yield call.args[position]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "append" and _last(call.func.value) == "notices":
            yield call.args[0]
        yield from (keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)

    def _resolve(self, node: ast.expr, location: _Location, *, strict: bool, depth: int = 0) -> Iterator[str]:
        """Yield the possible texts of an expression. Unless ``strict``, unreadable ones are skipped."""
        if depth > MAX_DEPTH:
            return
        match node:
            case ast.Constant(value=constant):
                yield from [constant] if isinstance(constant, str) else []
            case ast.JoinedStr(values=values):
                yield self._template(values, location.module)
                for value in values:
                    if isinstance(value, ast.FormattedValue):
                        yield from self._resolve(value.value, location, strict=False, depth=depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                ends = list(self._resolve(right, location, strict=strict, depth=depth + 1))
                for begin in self._resolve(left, location, strict=strict, depth=depth + 1):
                    yield from (begin + end for end in ends)
            case ast.Name(id=name):
                yield from self._resolve_name(name, location, strict=strict, depth=depth)
            case ast.Call():
                yield from self._resolve_call(node, location, depth=depth)
            case _:
                parts = _parts(node)
                if strict and not parts and not (isinstance(node, ast.Attribute) and node.attr in EXTRACTED_AT_SOURCE):
                    raise UnreadableText(ast.unparse(node))
                for part in parts:
                    must = strict and isinstance(node, ast.IfExp)
                    yield from self._resolve(part, location, strict=must, depth=depth + 1)

    def _resolve_name(self, name: str, location: _Location, *, strict: bool, depth: int) -> Iterator[str]:
        """Yield the texts of a name that is defined in the function, the module, or the module it is imported from."""
        given = list(_assigned_values(name, location.function)) if location.function else []
        for node in given:
            yield from self._resolve(node, location, strict=False, depth=depth + 1)
        if given or _is_own(name, location.function):
            return
        home, other = self._defining_module(name, location.module)
        if other in home.constants:
            yield from self._resolve(home.constants[other], _Location(home), strict=False, depth=depth + 1)
        elif strict:
            raise UnreadableText(name)

    def _resolve_call(self, node: ast.Call, location: _Location, *, depth: int) -> Iterator[str]:
        """Yield the texts that a call may return: a transformed text, or the return values of one of our functions."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            parts = node.args if node.func.attr == "join" else (node.func.value,)
            for part in (*parts, *(node.args if node.func.attr == "get" else ())):
                yield from self._resolve(part, location, strict=False, depth=depth + 1)
            return
        home, name = self._defining_module(_last(node.func), location.module)
        function = home.functions.get(name)
        for inner in ast.walk(function) if function else ():
            if isinstance(inner, ast.Return | ast.Yield) and inner.value is not None:
                yield from self._resolve(inner.value, _Location(home, function), strict=False, depth=depth + 1)

    def _defining_module(self, name: str, module: _Module) -> tuple[_Module, str]:
        """Return the module that defines a name, and the name there."""
        path, original = module.imports.get(name, (module.name, name))
        return self._modules.get(path, module), original

    def _template(self, values: list[ast.expr], module: _Module) -> str:
        """Return an f-string as a message, with names in braces and constants filled in."""
        text, names = "", set[str]()
        for value in values:
            if not isinstance(value, ast.FormattedValue):
                text += ast.literal_eval(value)
                continue
            constant = self._constant(value.value, module)
            if constant is not None:
                text += constant
                continue
            name = _value_name(value.value)
            while name in names:
                name += "_"
            names.add(name)
            text += f"{{{name}}}"
        return text

    def _constant(self, node: ast.expr, module: _Module) -> str | None:
        if not isinstance(node, ast.Name) or not node.id.isupper():
            return None
        home, name = self._defining_module(node.id, module)
        found = home.constants.get(name)
        return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
        case ast.BoolOp(values=parts) | ast.Dict(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return parts
        case ast.Starred(value=part) | ast.Subscript(value=part) | ast.NamedExpr(value=part):
            return [part]
        case _:
            return []


def _module(path: Path) -> tuple[str, _Module]:
    name = path.relative_to(PACKAGE).as_posix()
    module = _Module(name, ast.parse(path.read_text("utf-8")))
    for node in module.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                module.constants[target] = value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                module.constants[target] = value
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.FunctionDef):
            module.functions.setdefault(inner.name, inner)
        elif isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("spotmap_build"):
            module_path = f"{(inner.module or '').removeprefix('spotmap_build').lstrip('.').replace('.', '/')}"
            for alias in inner.names:
                module.imports[alias.asname or alias.name] = (f"{module_path}.py", alias.name)
    return name, module


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    """Yield each call with its outermost function."""

    def walk(node: ast.AST, scope: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield scope, child
            yield from walk(
                child, child if scope is None and isinstance(child, ast.FunctionDef | ast.Lambda) else scope
            )

    return walk(tree, None)


def _assigned_values(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name) and target.id == name:
                        yield value
                    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                        yield from (each for to, each in zip(target.elts, value.elts, strict=True) if _last(to) == name)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                yield value


def _is_own(name: str, scope: ast.AST | None) -> bool:
    """Return whether a name is a parameter or local variable of the function."""
    return scope is not None and any(
        name in {getattr(node, "arg", None), getattr(node, "name", None)}
        or (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        for node in ast.walk(scope)
    )


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _last(func)
        case _:
            return ""


def _value_name(node: ast.expr) -> str:
    """Return the placeholder of a value that translators see."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "reason" if name == "strerror" else name.strip("_").lower()
        case ast.BoolOp(values=[first, *_]) | ast.BinOp(left=first) | ast.IfExp(body=first):
            return _value_name(first)
        case ast.Subscript(value=first):
            return _value_name(first)
        case ast.Call(args=[first, *_]) if _value_name(first) != "value":
            return _value_name(first)
        case ast.Call(func=func):
            return _value_name(func)
        case _:
            return "value"
