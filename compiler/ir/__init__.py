"""The two intermediate forms, their text, and the operator table."""
