"""The real service, killed again and again while clients look on; then everything is checked."""
