"""Printers from FIR to executable forms."""
