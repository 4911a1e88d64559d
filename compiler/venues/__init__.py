"""Pinned venue profiles."""

from .profile import InstrumentProfile, VenueProfile, profile

__all__ = ["InstrumentProfile", "VenueProfile", "profile"]
