"""The exchange itself, without sockets and clocks: instruments, ledger, orders, books, and the market on a tape."""
