"""Tests of far-end camera control."""
