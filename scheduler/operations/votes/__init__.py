"""Votes of points in a meeting (biểu quyết): quorum, majority, and what is stored of open and secret ones."""
