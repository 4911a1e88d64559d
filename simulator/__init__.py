"""The local exchange: MEXC spot on real sockets, driven by a tape, with every fault that a client must survive."""
