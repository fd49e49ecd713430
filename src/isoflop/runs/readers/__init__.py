"""Tables as others keep them: one file a format, each giving columns of cells under the names they have there."""
