"""One renderer of diagnostics per format."""
