-- flashc in Neovim, without a plugin: put this into ~/.config/nvim/init.lua.
-- The server looks at strategy files only; in every other YAML or JSON file it stays silent.

local running -- the client, for Neovim 0.7, which has no vim.lsp.start

local function start(buffer)
  local config = {
    name = 'flashc',
    cmd = { 'flashc', 'lsp' },
    root_dir = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':p:h'),
  }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
  else
    running = running or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, running)
  end
end

vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'yaml', 'json' },
  callback = function(event)
    start(event.buf)
    local keys = { buffer = event.buf }
    vim.keymap.set('n', 'K', vim.lsp.buf.hover, keys)
    vim.keymap.set('n', 'gd', vim.lsp.buf.definition, keys)
    vim.keymap.set('n', 'gr', vim.lsp.buf.references, keys)
    vim.keymap.set('n', '<leader>r', vim.lsp.buf.rename, keys)
    vim.keymap.set('n', '<leader>a', vim.lsp.buf.code_action, keys)
    vim.bo[event.buf].omnifunc = 'v:lua.vim.lsp.omnifunc' -- completion: CTRL-X CTRL-O
  end,
})
