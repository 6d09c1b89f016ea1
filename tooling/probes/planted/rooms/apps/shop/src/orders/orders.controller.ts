// Planted: unknown-role
