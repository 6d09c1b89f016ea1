export const tested = 'clean';
