"""Neovim's own client, headless, with the configuration that docs/editors.md shows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.editor import environment
from support.strategies import EMA_CROSS

pytest.importorskip("pygls")

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = ROOT / "examples" / "editors" / "neovim.lua"
NEOVIM = shutil.which("nvim")

SCRIPT = """
local function wait(what, ready)
  assert(vim.wait(60000, ready, 20), 'waited in vain for ' .. what)
end
local function ask(method, line, column, more)
  local params = vim.tbl_extend('force', {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = line, character = column },
  }, more or {})
  local answers = assert(vim.lsp.buf_request_sync(0, method, params, 60000))
  for _, answer in pairs(answers) do
    return answer.result
  end
end

vim.cmd('edit ' .. STRATEGY)
vim.bo.filetype = 'yaml'
wait('diagnostics', function() return #vim.diagnostic.get(0) > 0 end)
local found = {}
for _, d in ipairs(vim.diagnostic.get(0)) do
  table.insert(found, { code = d.code, line = d.lnum, column = d.col, source = d.source })
end

local line = vim.fn.search('quick: ema', 'n') - 1
local hover = ask('textDocument/hover', line, 2)
local completion = ask('textDocument/completion', line, 9)
local labels = {}
for _, item in ipairs(completion.items or completion) do
  table.insert(labels, item.label)
end

local wrong = vim.fn.search('quik', 'n') - 1
local range = { start = { line = wrong, character = 0 }, ['end'] = { line = wrong, character = 99 } }
local actions = ask('textDocument/codeAction', wrong, 0, { range = range, context = { diagnostics = {} } })
vim.lsp.util.apply_workspace_edit(actions[1].edit, 'utf-16')
wait('the fix', function()
  for _, d in ipairs(vim.diagnostic.get(0)) do
    if d.severity == vim.diagnostic.severity.ERROR then return false end
  end
  return true
end)

local edit = ask('textDocument/rename', line, 3, { newName = 'swift' })
vim.lsp.util.apply_workspace_edit(edit, 'utf-16')
local result = {
  diagnostics = found,
  hover = hover.contents.value,
  labels = labels,
  action = actions[1].title,
  text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n',
}
local file = assert(io.open(RESULT, 'w'))
file:write(vim.fn.json_encode(result))
file:close()
vim.cmd('qall!')
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Neovim saw of a file with one slip, and what it made of the file."""
    if NEOVIM is None:
        pytest.skip("Neovim is not installed")
    folder = tmp_path_factory.mktemp("nvim")
    strategy, result, script = folder / "s.yaml", folder / "result.json", folder / "script.lua"
    strategy.write_text(EMA_CROSS.replace("cross_up(quick", "cross_up(quik"))
    script.write_text(f"local STRATEGY, RESULT = {str(strategy)!r}, {str(result)!r}\n{SCRIPT}")
    command = folder / "flashc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flashc "$@"\n')
    command.chmod(0o755)
    settings = {**environment(), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    settings = {name: value for name, value in settings.items() if not name.startswith(("XDG_", "NVIM"))}
    done = subprocess.run(
        [NEOVIM, "--headless", "-n", "-u", str(CONFIGURATION), "-c", f"luafile {script}", "-c", "cquit 7"],
        env=settings, cwd=folder, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert result.is_file(), done.stderr
    return dict(json.loads(result.read_text()))


def test_it_shows_the_slip(seen: dict[str, Any]) -> None:
    slips = [d for d in seen["diagnostics"] if d["code"] == "FC0102"]
    text = EMA_CROSS.replace("cross_up(quick", "cross_up(quik")
    line = next(i for i, row in enumerate(text.splitlines()) if "quik" in row)
    assert slips == [
        {"code": "FC0102", "line": line, "column": text.splitlines()[line].index("quik"), "source": "flashc"}
    ]


def test_it_shows_what_a_name_is(seen: dict[str, Any]) -> None:
    assert "price, USDC per BTC · ticks on btc.1m" in seen["hover"]


def test_it_offers_completions(seen: dict[str, Any]) -> None:
    assert {"ema", "close", "fast"} <= set(seen["labels"])


def test_a_fix_and_a_rename_change_the_buffer(seen: dict[str, Any]) -> None:
    assert "did you mean `quick`" in seen["action"]
    assert seen["text"] == EMA_CROSS.replace("quick", "swift")
