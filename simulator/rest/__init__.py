"""The REST side of the local exchange: bytes and a time in, bytes out. It opens no socket and reads no clock."""
