"""The original gzip of layers of which only the content is here."""
