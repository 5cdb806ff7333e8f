"""The monitor: sees what time has brought, and sends the command that puts it on record."""
