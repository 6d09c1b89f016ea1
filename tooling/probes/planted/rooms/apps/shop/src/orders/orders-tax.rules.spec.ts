// Clean: a test may ask for the time.
export const tested = Date.now();
