"""Values, errors, text rules, the database and the encryption of codes, which every part of the scheduler uses."""
