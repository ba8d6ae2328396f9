"""The whole product in real browsers. Run inside `tests/e2e/netns.sh`."""
