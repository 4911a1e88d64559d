"""One module per command; one place that prints."""
