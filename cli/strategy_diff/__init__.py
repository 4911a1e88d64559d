"""Two strategy files compared by what they mean."""
