"""The text encoder, its cached vectors, and the attention recommender itself."""
