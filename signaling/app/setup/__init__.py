"""``diemcau setup``: the first run of a server, and later changes of what it asks for."""
