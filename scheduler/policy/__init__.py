"""The rules of a province as data: sections, YAML files, versions; who registers and who controls."""
