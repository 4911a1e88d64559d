"""Pinned venue profiles."""
