"""What to say about the word under the cursor. Markdown, a few lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...compiler.frontend.check import Analysed
from ...compiler.frontend.names import DURATIONS, GROUPS, LOTS, RATIOS, TICKS
from ...compiler.library.function import Function
from ...compiler.library.table import FUNCTIONS, SPECIAL_FORMS
from ...dsl import ast
from ...dsl.diagnostic_codes import CODES
from ...dsl.document import FunctionDecl
from ...dsl.expression_parser import walk
from ...dsl.language_server.outline import place_at
from ...dsl.language_server.schema_keys import schema_at
from ...dsl.language_server.symbols import Occurrence, Symbol
from ...dsl.source import Span
from . import facts, modules
from .analysis import Analysis
from .expressions import expression_at
from .words import FIELDS

_CODE = re.compile(r"\bF[CL]\d{3,4}\b")
_WORD = re.compile(r"[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown, and the code points that it is about."""

    text: str
    start: int
    end: int


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """What is known at an offset; None where there is nothing to say."""
    return _code(analysis, offset) or _expression(analysis, offset) or _name(analysis, offset) or _key(analysis, offset)


def of_word(good: Analysis, text: str, offset: int) -> Hover | None:
    """What the word at an offset of a text meant in an earlier version of it."""
    word = _word_at(text, offset)
    if word is None:
        return None
    name = text[slice(*word)]
    found = next((o for o in good.names.found if o.symbol.name == name and o.is_definition), None)
    if found is not None:
        return Hover(symbol_text(good, found), *word)
    return Hover(function_text(name), *word) if name in FUNCTIONS else None


# codes


def _code(analysis: Analysis, offset: int) -> Hover | None:
    """A code in a comment, such as `# FC0304`."""
    text = analysis.source.text
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for found in _CODE.finditer(text, start, len(text) if end < 0 else end):
        if found.start() <= offset <= found.end() and found.group() in CODES:
            return Hover(code_text(found.group()), found.start(), found.end())
    return None


def code_text(code: str) -> str:
    """The title and the first paragraph of a code's page."""
    row = CODES[code]
    first = " ".join(row.explanation.split("\n\n")[0].split())
    return f"**{code}**: {row.title}\n\n{first}\n\n`flashc doc {code}` has examples."


# names and expressions


def _name(analysis: Analysis, offset: int) -> Hover | None:
    found = analysis.names.at(offset)
    if found is None:
        return None
    return Hover(symbol_text(analysis, found), found.span.start, found.span.end)


def symbol_text(analysis: Analysis, found: Occurrence) -> str:
    """What a name of the file is: its definition and its facts."""
    symbol = found.symbol
    if symbol.kind in ("param", "let", "label"):
        return _value(analysis, symbol)
    if symbol.kind == "fn":
        return _function(analysis, symbol.name)
    if symbol.kind == "arg":
        type_ = next(
            (t.value for f in _functions(analysis, symbol.scope) for a, t in f.args if a.value == symbol.name), ""
        )
        return f"```flashc\n{symbol.name}: {type_}\n```\nargument of `{symbol.scope}`"
    if symbol.kind == "instrument":
        return _instrument(analysis, symbol.name)
    if symbol.kind == "member":
        return _module_function(analysis, symbol)
    words = {"policy": "an execution policy", "entry": "an entry", "exit": "an exit", "module": "a module"}
    uses = len(analysis.names.of(symbol)) - 1
    used = f", used {uses} time{'s' * (uses != 1)}" if symbol.kind == "policy" else ""
    return f"**{symbol.name}**: {words[symbol.kind]}{used}"


def _value(analysis: Analysis, symbol: Symbol) -> str:
    document, analysed = analysis.document, analysis.analysed
    assert document is not None, "a name comes from a document"
    text = ""
    for decl in (*document.lets, *document.labels):
        if decl.name.value == symbol.name:
            text = _one_line(analysis.source.slice(decl.expr.span))
    for param in document.params:
        if param.name.value == symbol.name:
            text = _one_line(analysis.source.slice(param.default.span))
    head = f"```flashc\n{symbol.name}: {text}\n```" if text else f"**{symbol.name}**"
    kind = {"param": "parameter", "let": "named value", "label": "label: rules cannot read it"}[symbol.kind]
    node = facts.named_node(analysed, symbol.name) if analysed is not None else None
    if analysed is None or node is None:
        return f"{head}\n{kind}"
    return _text(head, [*([kind] if symbol.kind != "param" else []), *facts.lines(analysed, node)])


def _one_line(text: str, most: int = 100) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= most else joined[: most - 3] + "..."


def _text(head: str, lines: list[str]) -> str:
    return head + "\n" + "\n".join(f"- {line}" for line in lines)


def _functions(analysis: Analysis, name: str) -> list[FunctionDecl]:
    document = analysis.document
    return [f for f in document.functions if f.name.value == name] if document is not None else []


def _function(analysis: Analysis, name: str) -> str:
    for found in _functions(analysis, name):
        args = ", ".join(f"{a.value}: {t.value}" for a, t in found.args)
        returns = f" -> {found.returns.value}" if found.returns else ""
        body = _one_line(analysis.source.slice(found.body.span))
        return f"```flashc\n{name}({args}){returns}\n```\nfunction of this file: `{body}`"
    return f"**{name}**"


def _module_function(analysis: Analysis, symbol: Symbol) -> str:
    found = modules.find(analysis.document, symbol.scope, symbol.name) if analysis.document is not None else None
    if found is None or found.function is None:
        return f"**{symbol.name}** of `{symbol.scope}`"
    function = found.function
    args = ", ".join(f"{a.value}: {t.value}" for a, t in function.args)
    returns = f" -> {function.returns.value}" if function.returns else ""
    body = _one_line(found.source.slice(function.body.span))
    return f"```flashc\n{symbol.name}({args}){returns}\n```\nfunction of `{symbol.scope}`: `{body}`"


def _instrument(analysis: Analysis, alias: str) -> str:
    built = analysis.built
    document = analysis.document
    assert document is not None, "a name comes from a document"
    symbol = next((i.symbol.value for i in document.instruments if i.alias.value == alias), "")
    found = [f"instrument `{symbol}` of {document.venue.value}"]
    if built is not None and symbol in built.profile.instruments:
        profile = built.instrument(alias)
        found.append(
            f"tick {profile.tick:f}, lot {profile.lot:f}, least order {profile.min_notional} {symbol.partition('/')[2]}"
        )
    return _text(f"**{alias}**", found)


def _expression(analysis: Analysis, offset: int) -> Hover | None:
    """The smallest named thing of an expression: a field, a call, a literal, a clock."""
    document = analysis.document
    expr = expression_at(document, offset) if document is not None else None
    if expr is None:
        return None
    found = [e for e in walk(expr) if e.span.start <= offset <= e.span.end]
    for e in found:
        if isinstance(e, ast.At) and e.clock.span.start <= offset <= e.clock.span.end:
            return _clock(analysis, e)
    best = min(found, key=lambda e: e.span.end - e.span.start)
    if analysis.names.at(offset) is not None:
        return None
    call = next((e for e in found if isinstance(e, ast.Call) and e.func is best), None)
    if call is not None and call.func.name == "fired":
        said = "whether the rule fired at this decision; only tests ask it: `fired(entries.long)`"
        return Hover(f"**fired**: {said}", best.span.start, best.span.end)
    if call is not None:
        return _call(analysis, call) if call.func.name in (*FUNCTIONS, *SPECIAL_FORMS) else None
    if isinstance(best, ast.Name | ast.Member):
        return _field(analysis, best)
    return (
        _literal(analysis, best)
        if isinstance(best, ast.Number | ast.Quantity | ast.Boolean)
        else _plain(analysis, best)
    )


def _known(analysis: Analysis, span: Span) -> tuple[Analysed, int] | None:
    if analysis.analysed is None:
        return None
    node = facts.node_at(analysis.analysed, span)
    return (analysis.analysed, node) if node is not None else None


def _plain(analysis: Analysis, e: ast.Expr) -> Hover | None:
    known = _known(analysis, e.span)
    if known is None:
        return None
    head = f"```flashc\n{_one_line(analysis.source.slice(e.span))}\n```"
    return Hover(_text(head, facts.lines(*known)), e.span.start, e.span.end)


def _clock(analysis: Analysis, e: ast.At) -> Hover | None:
    text = analysis.source.slice(e.clock.span)
    found = ["bars of this length: `close` and the others inside mean its bars, and the result ticks at their close"]
    if e.clock.value is None:
        found = ["the clock of an event: the value is sampled at each one"]
    elif e.clock.unit in ("ns", "us", "ms"):
        found = ["a timer: it samples, it has no open, high, low or close"]
    known = _known(analysis, e.span)
    if known is not None:
        found += facts.lines(*known)
    return Hover(_text(f"**@{text}**", found), e.clock.span.start, e.clock.span.end)


def _call(analysis: Analysis, e: ast.Call) -> Hover:
    name = e.func.name
    span = e.func.span if isinstance(e.func, ast.Name) else e.func.name_span
    known = _known(analysis, e.span)
    here = ["", "here:", *(f"- {line}" for line in facts.lines(*known))] if known is not None else []
    return Hover("\n".join([function_text(name), *here]), span.start, span.end)


def function_text(name: str) -> str:
    """Signature and documentation of a library function."""
    row = FUNCTIONS.get(name)
    special = SPECIAL_FORMS.get(name)
    if row is None:
        return f"```flashc\n{special}\n```"
    lines = [f"```flashc\n{row.signature_text}\n```", row.doc, "", f"`{row.formula}`", ""]
    lines += [f"- {line}" for line in _row_facts(row)]
    return "\n".join(lines)


def _row_facts(row: Function) -> list[str]:
    found = ["all arguments on one clock; the result ticks on it"] if row.stateful else []
    found += [f"reads {', '.join(f'`{name}`' for name in row.implicit)} of the bars around it"] if row.implicit else []
    found += [f"may be absent: {row.absent}"] if row.absent else []
    found += [f"state {row.words} words, work {row.cost}"] if row.words != "0" else []
    found += [f"as {row.source}; {row.differs}" if row.differs else f"as {row.source}"] if row.source else []
    return found


def _field(analysis: Analysis, e: ast.Name | ast.Member) -> Hover | None:
    name = _one_line(analysis.source.slice(e.span))
    known = _known(analysis, e.span)
    doc = FIELDS.get(name) or FIELDS.get(name.rpartition(".")[2] if "." in name and not _is_group(name) else "", "")
    unit = unit_text(name)
    if known is None and not doc and not unit:
        return None
    body = [*([doc] if doc else []), *([unit] if unit else []), *(facts.lines(*known) if known is not None else [])]
    return Hover(_text(f"**{name}**", body), e.span.start, e.span.end)


def _is_group(name: str) -> bool:
    return name.partition(".")[0] in GROUPS


def unit_text(name: str) -> str:
    """What a unit stands for; empty for other words."""
    if name in DURATIONS:
        return f"1 {name} = {DURATIONS[name]:_} ns"
    if name in RATIOS:
        return f"a pure number: 1 {name} = {float(RATIOS[name]):g}"
    if name in TICKS:
        return "the smallest step of a price of the instrument"
    return "the smallest step of an amount of the instrument" if name in LOTS else ""


def _literal(analysis: Analysis, e: ast.Number | ast.Quantity | ast.Boolean) -> Hover | None:
    known = _known(analysis, e.span)
    found = []
    if isinstance(e, ast.Quantity):
        found += [text] if (text := unit_text(e.unit)) else []
    if known is not None:
        analysed, node = known
        exact = facts.constant_text(analysed.built.graph[node])
        found += [facts.type_words(analysed, node) + (f", exactly {exact}" if exact else "")]
    return Hover(_text(f"**{analysis.source.slice(e.span)}**", found), e.span.start, e.span.end) if found else None


# keys


def _key(analysis: Analysis, offset: int) -> Hover | None:
    """A key of the schema, or one of its fixed values."""
    text = analysis.source.text
    word = _word_at(text, offset)
    if word is None:
        return None
    start, end = word
    place = place_at(text, end)
    if text[end:].lstrip(" \t\"'").startswith(":") or place.in_key:
        return _block_key(place.path, text[start:end], start, end)
    known = schema_at(place.path)
    if known is not None and text[start:end] in known.values:
        doc = FIELDS.get(f"{place.path[-1]}={text[start:end]}", known.doc)
        return Hover(f"**{text[start:end]}**: {doc}", start, end)
    return None


def _block_key(path: tuple[str, ...], name: str, start: int, end: int) -> Hover | None:
    path = path[:-1] if path and path[-1] == name else path  # at the colon the place is the value's
    block = schema_at(path)
    key = next((k for k in block.keys if k.name == name), None) if block is not None else None
    if key is None:
        own = schema_at((*path, name))
        return Hover(f"**{name}**: {own.doc}", start, end) if own is not None and own.doc else None
    allowed = f"\n\none of {', '.join(f'`{v}`' for v in key.values)}" if key.values else ""
    return Hover(f"**{name}**{' (required)' if key.required else ''}: {key.doc}{allowed}", start, end)


def _word_at(text: str, offset: int) -> tuple[int, int] | None:
    line = text.rfind("\n", 0, offset) + 1
    stop = text.find("\n", offset)
    for found in _WORD.finditer(text, line, len(text) if stop < 0 else stop):
        if found.start() <= offset <= found.end():
            return found.start(), found.end()
    return None
