"""Expressions of GitHub's workflows, ``${{ … }}``: as much of them as this project uses; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

TOKEN: Final = re.compile(r"\s*(?:'((?:[^']|'')*)'|(==|!=|&&|\|\||[!()])|([A-Za-z_][\w.-]*))")
STATUS_FUNCTIONS: Final = ("always", "success", "failure", "cancelled")
TEMPLATE: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)

Value = str | bool

CONSTANTS: Final[Mapping[str, Value]] = {"true": True, "false": False, "null": ""}


class Unsupported(ValueError):
    """Something that GitHub may understand and this emulation does not; better told than guessed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see: contexts by name, and the state of the job (success, failure, cancelled)."""

    contexts: Mapping[str, Mapping[str, Any]]
    status: str = "success"

    def look_up(self, path: str) -> Value:
        """The value of ``steps.build.outputs.status`` and the like.

        An absent variable, secret or output is empty, as on GitHub; any other unknown name is a mistake.
        """
        name, *rest = path.split(".")
        if name not in self.contexts:
            raise Unsupported(f"{path}: there is no context {name!r} here")
        found: Any = self.contexts[name]
        for number, part in enumerate(rest):
            if part not in found:
                if name in {"vars", "secrets"} or "outputs" in rest[:number]:
                    return ""
                raise Unsupported(f"{path}: there is no {part!r} here")
            found = found[part]
        if not isinstance(found, str | bool):
            raise Unsupported(f"{path} is no single value")
        return found

    def call(self, function: str) -> bool:
        """One of the four functions that ask for the job's state."""
        return function in {"always", self.status}


def evaluate(expression: str, scope: Scope) -> Value:
    """The value of one expression, without its braces."""
    parser = _Parser(list(_tokens(expression)), scope)
    value = parser.alternatives()
    if parser.rest:
        raise Unsupported(f"{expression!r}: what is {parser.rest[0]!r}?")
    return value


def is_met(condition: str, scope: Scope) -> bool:
    """Whether an ``if:`` holds. One that does not ask for the job's state holds only while nothing has failed."""
    template = TEMPLATE.fullmatch(condition.strip())
    expression = template[1] if template else condition
    asks = any(kind == "name" and text in STATUS_FUNCTIONS for kind, text in _tokens(expression))
    return bool(evaluate(expression, scope)) and (asks or scope.status == "success")


def fill_in(text: str, scope: Scope) -> str:
    """A text with the values of its expressions in their places."""

    def value_of(match: re.Match[str]) -> str:
        value = evaluate(match[1], scope)
        return str(value).lower() if isinstance(value, bool) else value

    return TEMPLATE.sub(value_of, text)


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position = 0
    while expression[position:].strip():
        match = TOKEN.match(expression, position)
        if match is None:
            raise Unsupported(f"{expression!r}: what is {expression[position:].strip()!r}?")
        text, operator, name = match.groups()
        yield (
            ("text", text.replace("''", "'"))
            if text is not None
            else ("operator", operator)
            if operator
            else (
                "name",
                name,
            )
        )
        position = match.end()


class _Parser:
    """Recursive descent: ``||`` of ``&&`` of comparisons of terms. Both sides are evaluated; nothing here minds."""

    def __init__(self, tokens: list[tuple[str, str]], scope: Scope) -> None:
        self.rest = tokens
        self._scope = scope

    def alternatives(self) -> Value:
        return self._chain("||", self._conditions, lambda left, right: left or right)

    def _conditions(self) -> Value:
        return self._chain("&&", self._comparison, lambda left, right: left and right)

    def _chain(self, operator: str, part: Callable[[], Value], combine: Callable[[Value, Value], Value]) -> Value:
        value = part()
        while self._takes(operator):
            value = combine(value, part())
        return value

    def _comparison(self) -> Value:
        left = self._term()
        for operator in ("==", "!="):
            if self._takes(operator):
                right = self._term()
                if type(left) is not type(right):
                    raise Unsupported(f"{left!r} {operator} {right!r} compares a text with a truth")
                is_equal = str(left).casefold() == str(right).casefold()
                return is_equal if operator == "==" else not is_equal
        return left

    def _term(self) -> Value:
        if self._takes("!"):
            return not self._term()
        if self._takes("("):
            value = self.alternatives()
            self._must_take(")")
            return value
        if not self.rest or self.rest[0][0] == "operator":
            raise Unsupported("an expression ends where a value should be")
        kind, text = self.rest.pop(0)
        if kind == "text":
            return text
        if self._takes("("):
            self._must_take(")")
            if text not in STATUS_FUNCTIONS:
                raise Unsupported(f"the function {text}()")
            return self._scope.call(text)
        return CONSTANTS[text] if text in CONSTANTS else self._scope.look_up(text)

    def _takes(self, operator: str) -> bool:
        if self.rest and self.rest[0] == ("operator", operator):
            self.rest.pop(0)
            return True
        return False

    def _must_take(self, operator: str) -> None:
        if not self._takes(operator):
            raise Unsupported(f"{operator!r} is missing")
