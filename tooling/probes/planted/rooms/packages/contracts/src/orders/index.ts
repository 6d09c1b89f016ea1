// Planted: one-entry
