"""The Python API behind `flashc.load`: the same way as the commands, with values instead of text."""
