"""Ready-made strategies."""
