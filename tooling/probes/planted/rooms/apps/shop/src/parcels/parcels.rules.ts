// Planted: rules-are-pure, one a line
export const now = () => Date.now();
export const today = () => new Date();
export const dice = () => Math.random();
export const later = async () => 1;
export const home = () => process.cwd();
export const wait = () => setTimeout(() => undefined, 1);
