"""Text to checked document: source, spans, diagnostics, YAML reader, schema, expressions."""
