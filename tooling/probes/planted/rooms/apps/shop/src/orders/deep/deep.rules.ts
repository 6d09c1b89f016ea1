// Planted: capability-is-flat
