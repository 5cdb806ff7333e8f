"""Tells people and programs what happened: in order, at least once, by webhook, Slack or mail."""
