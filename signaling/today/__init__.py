"""The first page of each account: sessions of the day, and what is owed."""
