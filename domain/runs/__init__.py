"""A run: request, manifest, life cycle, events, and the folds that read them."""
