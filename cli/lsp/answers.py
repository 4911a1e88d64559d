"""The answers to what an editor asks about a view of a file, in the protocol's types."""

from __future__ import annotations

from lsprotocol import types as lsp

from ...compiler.ir.types import ClockSet
from ...dsl.formatter import format_source
from ...dsl.language_server import semantic
from ...dsl.language_server.outline import Key, keys, place_at
from ...dsl.language_server.symbols import Occurrence
from ..hir_text import clock_text
from . import facts
from . import hover as hovers
from . import rename as renames
from .candidates import Item
from .completion import complete
from .expressions import writing
from .modules import find
from .view import View, range_of, source_lines

_ITEM_KINDS = {
    "key": lsp.CompletionItemKind.Property,
    "value": lsp.CompletionItemKind.EnumMember,
    "variable": lsp.CompletionItemKind.Variable,
    "constant": lsp.CompletionItemKind.Constant,
    "parameter": lsp.CompletionItemKind.Variable,
    "field": lsp.CompletionItemKind.Field,
    "function": lsp.CompletionItemKind.Function,
    "unit": lsp.CompletionItemKind.Unit,
    "keyword": lsp.CompletionItemKind.Keyword,
    "module": lsp.CompletionItemKind.Module,
    "snippet": lsp.CompletionItemKind.Snippet,
}
_SYMBOL_KINDS = {
    "params": lsp.SymbolKind.Constant,
    "let": lsp.SymbolKind.Variable,
    "labels": lsp.SymbolKind.Variable,
    "fn": lsp.SymbolKind.Function,
    "entries": lsp.SymbolKind.Event,
    "exits": lsp.SymbolKind.Event,
    "execution": lsp.SymbolKind.Struct,
    "instruments": lsp.SymbolKind.Object,
    "tests": lsp.SymbolKind.Method,
}


def hover(view: View, params: lsp.HoverParams) -> lsp.Hover | None:
    offset = view.offset(params.position)
    found = hovers.hover(view.now, offset)
    if found is None and view.now.document is None and view.good is not None:
        found = hovers.of_word(view.good, view.text, offset)
    if found is None:
        return None
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
    return lsp.Hover(content, view.range(found.start, found.end))


def completion(view: View, params: lsp.CompletionParams) -> lsp.CompletionList:
    offset = view.offset(params.position)
    found = complete(view.text, offset, view.good)
    where = view.range(found.start, offset)
    return lsp.CompletionList(is_incomplete=False, items=[_item(view, item, where) for item in found.items])


def _item(view: View, item: Item, where: lsp.Range) -> lsp.CompletionItem:
    as_snippet = bool(item.snippet) and view.client.snippets
    plain = item.insert or item.label
    if item.kind == "snippet" and not as_snippet:
        plain = f"{item.snippet.partition(':')[0].strip('${}1')}: " if item.snippet[:1] != "$" else ""
    return lsp.CompletionItem(
        label=item.label,
        kind=_ITEM_KINDS[item.kind],
        detail=item.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, item.doc) if item.doc else None,
        sort_text=f"{item.sort}{item.label}",
        filter_text=item.label,
        insert_text_format=lsp.InsertTextFormat.Snippet if as_snippet else lsp.InsertTextFormat.PlainText,
        insert_text_mode=lsp.InsertTextMode.AdjustIndentation if as_snippet else None,
        text_edit=lsp.TextEdit(where, item.snippet if as_snippet else plain),
    )


def signature(view: View, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    """The call around the cursor, with the argument that is being written."""
    from ...compiler.library.table import FUNCTIONS

    offset = view.offset(params.position)
    place = place_at(view.text, offset)
    w = writing(view.text, place.start, offset)
    row = FUNCTIONS.get(w.callee)
    if row is None:
        return None
    shown = [lsp.ParameterInformation(f"{p.name}: {p.type}") for p in row.signature.params]
    info = lsp.SignatureInformation(row.signature_text, documentation=row.doc, parameters=shown)
    return lsp.SignatureHelp([info], 0, min(w.argument, max(len(shown) - 1, 0)))


# names


def definition(view: View, params: lsp.DefinitionParams) -> lsp.Location | None:
    found = view.now.names.at(view.offset(params.position))
    document = view.now.document
    if found is None or document is None:
        return None
    symbol = found.symbol
    if symbol.kind in ("module", "member"):
        full = symbol.scope or next(u.value for u in document.uses if u.value.rpartition(".")[2] == symbol.name)
        other = find(document, full, symbol.name if symbol.kind == "member" else "")
        if other is None:
            return None
        lines = source_lines(other.source, view.client.encoding)
        span = other.function.name.span if other.function is not None else other.source.span(0, 0)
        return lsp.Location(other.path.resolve().as_uri(), range_of(lines, span.start, span.end))
    at = view.now.names.definition(symbol)
    return lsp.Location(view.uri, view.spot(at.span)) if at is not None else None


def references(view: View, params: lsp.ReferenceParams) -> list[lsp.Location]:
    found = _same(view, params.position)
    wanted = [o for o in found if params.context.include_declaration or not o.is_definition]
    return [lsp.Location(view.uri, view.spot(o.span)) for o in wanted]


def highlights(view: View, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
    read, write = lsp.DocumentHighlightKind.Read, lsp.DocumentHighlightKind.Write
    found = _same(view, params.position)
    return [lsp.DocumentHighlight(view.spot(o.span), write if o.is_definition else read) for o in found]


def _same(view: View, position: lsp.Position) -> list[Occurrence]:
    found = view.now.names.at(view.offset(position))
    return view.now.names.of(found.symbol) if found is not None else []


def prepare_rename(view: View, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder:
    found = renames.renameable(view.now, view.offset(params.position))
    return lsp.PrepareRenamePlaceholder(view.spot(found.span), found.symbol.name)


def rename(view: View, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
    return view.edit(renames.rename(view.now, view.offset(params.position), params.new_name))


# the whole file


def symbols(view: View, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """The outline: blocks, the names in them, and the clauses of rules."""
    roots: list[lsp.DocumentSymbol] = []
    open_: list[tuple[tuple[str, ...], lsp.DocumentSymbol]] = []
    for key in keys(view.text):
        if len(key.path) > 2 and "when" not in key.path[2:-1]:
            continue
        while open_ and key.path[:-1][: len(open_[-1][0])] != open_[-1][0]:
            open_.pop()
        made = _symbol(view, key)
        siblings = open_[-1][1].children if open_ else roots
        assert isinstance(siblings, list), "made as one"
        siblings.append(made)
        open_.append((key.path, made))
    return roots


def _symbol(view: View, key: Key) -> lsp.DocumentSymbol:
    end = max(key.end, key.stop)
    value = " ".join(view.text[key.value_start : end][:400].split())
    depth = len(key.path)
    inner = _SYMBOL_KINDS.get(key.path[0], lsp.SymbolKind.Property)
    return lsp.DocumentSymbol(
        name=key.name,
        kind=lsp.SymbolKind.Namespace if depth == 1 else inner if depth == 2 else lsp.SymbolKind.Boolean,
        range=view.range(key.start, end),
        selection_range=view.range(key.start, key.stop),
        detail=value[:60] if depth > 1 or len(value) < 40 else None,
        children=[],
    )


def formatting(view: View, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
    """As `flashc fmt`; a file with errors stays as it is."""
    result = format_source(view.now.source)
    return None if result.problems else [lsp.TextEdit(view.spot(e.span), e.text) for e in result.edits]


def inlay_hints(view: View, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    """The clock of each named value, with a `?` where it may be absent."""
    analysed, document = view.now.analysed, view.now.document
    if analysed is None or document is None:
        return []
    start, end = view.offset(params.range.start), view.offset(params.range.end)
    found = []
    for decl in document.lets:
        node = facts.named_node(analysed, decl.name.value)
        if node is None or not start <= decl.name.span.end <= end:
            continue
        text = _hint(analysed.facts.clocks.get(node, frozenset()), facts.is_optional(analysed, node))
        if text:
            tip = "\n".join(facts.lines(analysed, node))
            position = lsp.Position(*view.lines.position(decl.name.span.end))
            found.append(lsp.InlayHint(position, text, kind=lsp.InlayHintKind.Type, tooltip=tip, padding_left=True))
    return found


def _hint(clocks: ClockSet, optional: bool) -> str:
    return (f"@{clock_text(clocks)}" if clocks else "") + ("?" if optional else "")


def semantic_tokens(view: View, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
    """Colours of the words of expressions."""
    named = {o.symbol.name: _COLOURS[o.symbol.kind] for o in view.now.names.found if o.symbol.kind in _COLOURS}
    data: list[int] = []
    line = character = 0
    for start, end, kind in semantic.words(view.text, named):
        at = view.range(start, end)
        here, column = at.start.line, at.start.character
        data += (here - line, column - (character if here == line else 0), at.end.character - column)
        data += (semantic.KINDS.index(kind), 0)
        line, character = here, column
    return lsp.SemanticTokens(data)


_COLOURS = {"param": "parameter", "let": "variable", "label": "variable", "arg": "parameter", "instrument": "namespace",
            "module": "namespace"}  # fmt: skip
