"""The outputs, one module each; ``importer.writers.destination`` says what each of them has to be."""
