"""YAML from strangers: the plain part of YAML 1.2, within bounds, with the line of each value."""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import yaml

from rollbook.cards.problems import Place, unreadable

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

MAX_CHARACTERS: Final = 512_000
MAX_VALUES: Final = 50_000
"""After aliases are written out, so that a small text cannot stand for a huge one."""
MAX_DEPTH: Final = 40

_TAG: Final = "tag:yaml.org,2002:"
_SPELLINGS: Final = (
    # YAML 1.2's: in 1.1 Norwegian (`no`) is false, 12:30 is 750, and 1e-3 is text.
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]{1,300}", "-+0123456789"),
    (
        "float",
        (
            r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", "~nN"),
)
_RESOLVERS: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
for _name, _pattern, _first in _SPELLINGS:
    for _character in [*_first, ""] if _name == "null" else _first:
        _RESOLVERS.setdefault(_character, []).append(
            (_TAG + _name, re.compile(rf"(?:{_pattern})\Z"))
        )


class Document:
    """A YAML document as plain values, and where each of them stands."""

    def __init__(self, value: Plain, lines: dict[Place, int]) -> None:
        self.value = value
        self._lines = lines

    def line(self, place: Place) -> int | None:
        """The line of a value, or of the nearest one around it."""
        for end in range(len(place), -1, -1):
            if (line := self._lines.get(place[:end])) is not None:
                return line
        return None


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _RESOLVERS


class _Dumper(yaml.SafeDumper):
    # What readers of YAML 1.1 or of 1.2 would not take for text gets quotes.
    yaml_implicit_resolvers = {  # noqa: RUF012  # as its base class has it
        first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, ()), *_RESOLVERS.get(first, ())]
        for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_RESOLVERS}
    }

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write(value: Plain) -> str:
    """The value as YAML that `read` and others read alike."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def read(text: str, *, first_line: int = 1) -> Document:
    """The document, whose first line is `first_line` of what the author sees; `Unreadable`."""
    if len(text) > MAX_CHARACTERS:
        raise unreadable(f"must have at most {MAX_CHARACTERS:,} characters of YAML")
    try:
        _bound(text, first_line)
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "cannot be read"
        raise unreadable(
            f"not YAML: {what}", line=mark.line + first_line if mark else None
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise unreadable(f"not YAML: {error.reason}", line=line) from None
    if node is None:
        return Document(None, {(): first_line})
    reader = _Reader(first_line)
    return Document(reader.value(node, ()), reader.lines)


def _bound(text: str, first_line: int) -> None:
    """Refuse nesting that recursion could not follow, before anything recurs."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark = event.start_mark
                line = mark.line + first_line if mark else None
                raise unreadable(f"nested deeper than {MAX_DEPTH} levels", line=line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    def __init__(self, first_line: int) -> None:
        self.lines: dict[Place, int] = {}
        self._first = first_line
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: yaml.Node, place: Place) -> Plain:
        line = node.start_mark.line + self._first
        self.lines.setdefault(place, line)
        self._count += 1
        if self._count > MAX_VALUES:
            raise unreadable(f"stands for more than {MAX_VALUES:,} values", line=line)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, line)
        if id(node) in self._open:
            raise unreadable("an alias must not contain itself", line=line)
        self._open.add(id(node))
        found: Plain
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            found = [self.value(child, (*place, i)) for i, child in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            found = dict(self._items(node, place))
        else:
            raise unreadable(f"the tag {node.tag} is not taken", line=line)
        self._open.discard(id(node))
        return found

    def _items(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Plain]]:
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + self._first
            if not isinstance(key, yaml.ScalarNode):
                raise unreadable("a name must be text", line=line)
            if key.value in seen:
                raise unreadable("stands twice", line=line, field=key.value)
            seen.add(key.value)
            self.lines[*place, key.value] = line
            yield key.value, self.value(child, (*place, key.value))


def _scalar(node: yaml.ScalarNode, line: int) -> Plain:
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "str":
            return text
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int" | "float" as kind:
            try:
                return (
                    int(text)
                    if kind == "int"
                    else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
                )
            except ValueError:
                pass
        case _:
            pass
    raise unreadable(f"cannot be read as {node.tag.removeprefix(_TAG)}", line=line)
