"""Model cards as documents: Markdown, HTML, YAML and Hugging Face's README."""
