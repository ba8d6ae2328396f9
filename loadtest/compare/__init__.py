"""Compares two versions of the product, or the product and another server, measured by turns."""
