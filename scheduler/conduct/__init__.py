"""What happens during and after a session: faults, help, closing, handing over, documents (Điều 5.3, 13–15)."""
