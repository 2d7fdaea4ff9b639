"""What changes an image on purpose: media types, labels, schema 1, a new config, a new manifest digest."""
