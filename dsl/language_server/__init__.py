"""What an editor asks about a text that needs no compiler: positions, outline, names, keys. `cli/lsp` speaks the
protocol."""
