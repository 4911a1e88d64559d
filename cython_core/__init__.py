"""Layouts shared by every executor, and the C core."""
