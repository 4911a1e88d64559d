"""`flashc lsp`: the language server. `server` speaks the protocol (pygls); the other modules know nothing of it but
its types' names, and answer from an `Analysis` and a text."""
