"""Typed HIR to FIR."""
