// Planted: file-outside-a-capability
