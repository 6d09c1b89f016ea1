/** Micro-USD for a million tokens: what a US dollar price per million is, times a million. */
export interface Price {
  readonly input: number;
  /** For input tokens the provider had cached; as `input` unless given. */
  readonly cachedInput?: number;
  readonly output: number;
}

const perMillion = (input: number, output: number, cachedInput = input): Price => ({
  input: Math.round(input * 1e6),
  cachedInput: Math.round(cachedInput * 1e6),
  output: Math.round(output * 1e6),
});

/** List prices in US dollars for a million tokens; an operator with other prices, or other models, passes their own. */
export const listPrices: Readonly<Record<string, Price>> = {
  'gpt-4.1': perMillion(2, 8, 0.5),
  'gpt-4.1-mini': perMillion(0.4, 1.6, 0.1),
  'gpt-4.1-nano': perMillion(0.1, 0.4, 0.025),
  'gpt-4o': perMillion(2.5, 10, 1.25),
  'gpt-4o-mini': perMillion(0.15, 0.6, 0.075),
  'gpt-5': perMillion(1.25, 10, 0.125),
  'gpt-5-mini': perMillion(0.25, 2, 0.025),
  'gpt-5-nano': perMillion(0.05, 0.4, 0.005),
};

/** The price of a model: by its exact name, or without a trailing date. */
export function priceOf(model: string, prices: Readonly<Record<string, Price>>): Price | undefined {
  return prices[model] ?? prices[model.replace(/-\d{4}-\d{2}-\d{2}$/, '')];
}

/** What a call cost, as an integer: a part of a micro-USD counts as a whole one. 0 when the price is not known. */
export function costMicroUsd(
  price: Price | undefined,
  tokens: { readonly input: number; readonly cachedInput: number; readonly output: number },
): number {
  if (price === undefined) return 0;
  const fresh = Math.max(0, tokens.input - tokens.cachedInput);
  const total = fresh * price.input + tokens.cachedInput * (price.cachedInput ?? price.input) + tokens.output * price.output;
  return Math.ceil(total / 1e6);
}
