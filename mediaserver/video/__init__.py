"""Composed pictures: layouts, canvas, labels, compositor thread, encoders and renditions."""
