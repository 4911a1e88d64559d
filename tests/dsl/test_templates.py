from __future__ import annotations

import pytest
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.dsl.templates import TEMPLATES, starter


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_starter_reads_without_a_finding_under_its_new_name(template: str) -> None:
    document, bag = read_document(Source("f", starter("my_first", template)))
    assert not list(bag)
    assert document is not None
    assert document.strategy.value == "my_first"


def test_the_minimal_starter_is_the_smallest_useful_file() -> None:
    lines = [line for line in starter("x").splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) <= 14
