"""Rollbook's log on Kafka: topics, envelope, codec, the exactly-once processor."""
