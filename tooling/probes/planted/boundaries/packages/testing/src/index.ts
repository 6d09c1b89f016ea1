export const fake = () => undefined;
