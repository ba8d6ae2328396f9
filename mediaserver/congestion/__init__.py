"""Congestion control: estimates of both directions, bandwidth probe, pacer, loss, queueing delay."""
