"""The local exchange on real sockets: ports, TLS, WebSocket frames, and the clock that drives it."""
