// Planted: kebab-case (and its stem is not the folder)
