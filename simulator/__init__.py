"""The local exchange: MEXC's spot API on real sockets, driven by a tape, with every fault that a client must survive."""
