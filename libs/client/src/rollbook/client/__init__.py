"""The SDK: what pipelines and serving code import."""
