// Planted: stem-is-not-the-folder
