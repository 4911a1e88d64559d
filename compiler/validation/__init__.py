"""Translation validation: that a step of the compiler changed nothing, shown on generated events."""
