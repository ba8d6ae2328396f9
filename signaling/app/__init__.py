"""The server as a process: settings, composition, start and end, periodic jobs, command line."""
