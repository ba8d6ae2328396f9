"""Mail and chat groups: SMTP, IMAP, outbox sender, inbox watcher, and their endpoints."""
