"""What every part of the scheduler stands on: values, errors, text rules, the database, encryption of codes."""
