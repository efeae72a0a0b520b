"""The Parquet catalog, importers and the bundled sample."""
