"""Frames of generated files; they decide nothing."""
