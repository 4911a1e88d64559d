"""The local exchange: MEXC spot on real sockets, driven by a tape, with the faults that a client must survive."""
