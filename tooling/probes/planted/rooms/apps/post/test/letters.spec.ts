// Planted: test-runs-on-one-rung: a unit test among service tests is run by none.
