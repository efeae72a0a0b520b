"""Evidence for people who trust nobody: checkpoints, proofs, exports, and the audit of a log."""
