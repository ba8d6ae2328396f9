"""Mail and chat groups, out and in: SMTP, IMAP, outbox, inbox, their endpoints."""
