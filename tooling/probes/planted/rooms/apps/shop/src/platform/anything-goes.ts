export const platform = 'clean: platform holds adapters, each named for itself';
