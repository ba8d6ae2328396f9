"""Running meetings: joining, messages, sockets, capacity, and the record that outlives the process."""
