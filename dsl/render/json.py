"""Findings for programs. The layout is versioned: keys are added, never renamed or removed, within one version.

Lines and columns count from 1, columns and offsets in code points; ranges are half open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..diagnostic_codes import CODES
from ..diagnostics import Diagnostic, Edit, Fix, Label
from ..source import Source, Span

VERSION = 1


def render(diagnostics: Diagnostic | Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """All findings (there is no limit per file) as one JSON object, with a newline at the end."""
    return json.dumps(document(diagnostics, sources), ensure_ascii=False, indent=2) + "\n"


def document(diagnostics: Diagnostic | Iterable[Diagnostic], sources: Mapping[str, Source]) -> dict[str, Any]:
    findings = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
    errors = sum(d.severity.value == "error" for d in findings)
    return {
        "version": VERSION,
        "summary": {"errors": errors, "warnings": len(findings) - errors},
        "diagnostics": [diagnostic_object(d, sources) for d in findings],
    }


def diagnostic_object(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> dict[str, Any]:
    """One finding."""
    row = CODES.get(diagnostic.code)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "category": row.category.value if row else None,
        "title": row.title if row else None,
        "message": diagnostic.message,
        "where": diagnostic.where or None,
        "primary": _label(diagnostic.primary, sources) if diagnostic.primary else None,
        "secondary": [_label(label, sources) for label in diagnostic.secondary],
        "notes": list(diagnostic.notes),
        "helps": list(diagnostic.helps),
        "fixes": [_fix(fix, sources) for fix in diagnostic.fixes],
        "facts": {key: _plain(value) for key, value in sorted(diagnostic.facts.items())},
    }


def _label(label: Label, sources: Mapping[str, Source]) -> dict[str, Any]:
    return {**_range(label.span, sources), "text": label.text}


def _fix(fix: Fix, sources: Mapping[str, Source]) -> dict[str, Any]:
    return {"title": fix.title, "safety": fix.safety.value, "edits": [_edit(edit, sources) for edit in fix.edits]}


def _edit(edit: Edit, sources: Mapping[str, Source]) -> dict[str, Any]:
    return {**_range(edit.span, sources), "new_text": edit.text}


def _range(span: Span, sources: Mapping[str, Source]) -> dict[str, Any]:
    return {
        "file": span.path,
        "start": _position(span.path, span.start, sources),
        "end": _position(span.path, span.end, sources),
    }


def _position(path: str, offset: int, sources: Mapping[str, Source]) -> dict[str, int | None]:
    if path not in sources:
        return {"line": None, "column": None, "offset": offset}
    at = sources[path].position(offset)
    return {"line": at.line, "column": at.column, "offset": offset}


def _plain(value: object) -> object:
    """Facts as JSON values: numbers, text, truth and lists stay, all else becomes its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        inner = [_plain(item) for item in value]
        return sorted(inner, key=repr) if isinstance(value, set | frozenset) else inner
    return str(value)
