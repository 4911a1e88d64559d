"""The standard modules, as files: `std.flow` is `flow.yaml`."""
