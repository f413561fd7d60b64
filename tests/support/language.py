"""Find banned words, and exceptions whose messages are not built by `must`."""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Pattern -> what to write instead. Whole words, in any case; a space also matches an underscore.
WORDS = {
    r"twins?": "graph encoder",
    r"pupils?|learners?": "fitter",
    r"learnt": "learned, fitted",
    r"anew": "again",
    r"beside": "next to",
    r"catalogu(?:es?|ed|ing)": "catalog",
    r"judg(?:es?|ed|ing)": "evaluate",
    r"measures": "metrics",
    r"stands? twice": "is duplicated",
    r"efforts?": "search budget",
    r"fresh (?:candidate|row|vector|id|one)s?": "delta",
    r"has gaps": "has_deletions",
    r"places": "mask, slots, positions",
    r"of no matter": "say what is ignored",
    r"known positives?": "false negatives",
    # US spelling, as in Keras.
    r"behaviours?|colours?|favours?|neighbours?|labours?": "-or",
    r"centres?|metres?": "-er",
    r"(?:label|model|travel|channel|signal)l(?:ed|ing)": "one l",
    r"artefacts?": "artifact",
    r"(?:anal|paral|catal)ys(?:es?|ed|ing)": "-yze",
    r"(?:author|categor|character|custom|(?:de)?serial|discret|emphas|factor|final|general|initial|material|maxim"
    r"|memor|minim|normal|optim|organ|parallel|penal|quant|random|real|recogn|regular|special|standard|summar"
    r"|symbol|synchron|token|util|vector|visual)is(?:e|ed|er|es|ing|ation)": "-ize",
}
# Ordinary words in prose, house words in an identifier.
NAMES = {
    r"fresh": "delta",
    r"is there": "is_live",
    r"in graph": "to_graph",
    r"dense codes": "factorize",
    r"rows a chunk": "rows_per_chunk",
    r"of sizes": "compiled_for",
}
ALLOWED = ["best effort", "decimal places", "Performance Measures"]


class Violation(NamedTuple):
    """A line to rewrite; prints as `path:line: problem`."""

    path: Path
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.problem}"


def banned_words(path: Path, *, literals: bool = True) -> Iterator[Violation]:
    """Yield the banned words of a Markdown or Python file.

    Args:
        path: File to read.
        literals: Whether string literals other than docstrings are prose, as messages are.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        prose, names = list(enumerate(text.splitlines(), 1)), []
    else:
        prose, names = _python_texts(text, literals)
    for line, words in prose:
        for word, instead in _find(words, WORDS):
            yield Violation(path, line, f"{word!r} -> {instead}")
    for line, name in names:
        for word, instead in _find(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name), WORDS | NAMES):
            yield Violation(path, line, f"{word!r} in {name!r} -> {instead}")


@functools.cache
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    anyone = "|".join(f"(?:{pattern.replace(' ', '[ _]')})" for pattern in patterns)
    return re.compile(rf"(?<![A-Za-z])(?:{anyone})(?![A-Za-z])", re.IGNORECASE)


def _find(text: str, patterns: dict[str, str]) -> Iterator[tuple[str, str]]:
    if not _compiled(tuple(patterns)).search(text):
        return
    text = _compiled(tuple(ALLOWED)).sub("", text)
    for pattern, instead in patterns.items():
        yield from ((match[0], instead) for match in _compiled((pattern,)).finditer(text))


def _python_texts(text: str, literals: bool) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the lines of comments and strings, and the identifiers, each with its line number."""
    prose, names = [], []
    starts_statement = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_string = token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        if token.type == tokenize.COMMENT or (is_string and (literals or starts_statement)):
            prose.extend(enumerate(token.string.splitlines(), token.start[0]))
        elif token.type == tokenize.NAME:
            names.append((token.start[0], token.string))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            starts_statement = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return prose, names


def messages_without_must(path: Path, exceptions: set[str]) -> Iterator[Violation]:
    """Yield the calls that make one of `exceptions` from anything but `must(...)`.

    The message may be kept in a variable of the same function, or made by a function of the same file
    that returns `must(...)`.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    builders = {"must"} | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _returns(node) and all(map(_is_must, _returns(node)))
    }
    variables = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_must(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc and _name(node.exc) in exceptions:
            yield Violation(path, node.lineno, f"{_name(node.exc)} without a message")
        if not (isinstance(node, ast.Call) and _name(node.func) in exceptions):
            continue
        message = node.args[0] if node.args else None
        is_built = isinstance(message, ast.Call) and _name(message.func) in builders
        if not is_built and not (isinstance(message, ast.Name) and message.id in variables):
            yield Violation(path, node.lineno, f"{_name(node.func)} without must(...)")


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _is_must(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "must"


def _returns(function: ast.FunctionDef) -> list[ast.expr | None]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
