"""The register of security controls: checklists, evidence, reminders of patches."""
