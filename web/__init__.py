"""The pages, scripts and fonts that a browser gets, shipped as package data."""
