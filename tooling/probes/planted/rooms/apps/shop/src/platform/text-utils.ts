// Planted: forbidden-name
