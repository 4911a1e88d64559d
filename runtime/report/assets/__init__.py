"""Skeleton, style and script of a report page. A package, so that wheels hold the files."""
