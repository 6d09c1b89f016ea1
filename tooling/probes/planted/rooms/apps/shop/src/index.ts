// Planted: index-in-app
