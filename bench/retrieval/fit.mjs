/** A question without an answer counts twice: an answer to it does more harm than none to one that has an answer. */
const weightOf = (sample) => (sample.right === undefined ? 2 : 1);

/**
 * Weights of a conditional logit: the question chooses one article or none of them, with a probability proportional to
 * exp(weights · signals), exp(none) for none. Fitted by gradient ascent on the mean log-likelihood with a small ridge.
 */
export function fit(samples, names, { rounds = 6000, rate = 0.5, ridge = 0.0005 } = {}) {
  const all = [...names, 'none'];
  const weights = Object.fromEntries(all.map((name) => [name, 1]));
  const squares = Object.fromEntries(all.map((name) => [name, 1e-6]));
  for (let round = 0; round < rounds; round += 1) {
    const gradient = gradientOf(samples, names, weights);
    for (const name of all) {
      const slope = gradient[name] - ridge * weights[name];
      squares[name] = 0.99 * squares[name] + 0.01 * slope * slope;
      weights[name] += (rate * slope) / (Math.sqrt(squares[name]) + 0.02) / (1 + round / 300);
    }
  }
  return Object.fromEntries(all.map((name) => [name, Math.round(weights[name] * 100) / 100]));
}

/** The probability of each article, in their order; what is missing to 1 is that none answers. */
export function probabilities({ signals }, names, weights) {
  const strengths = signals.map((signal) => names.reduce((sum, name) => sum + weights[name] * signal[name], 0));
  const most = Math.max(weights.none, ...strengths);
  const parts = strengths.map((strength) => Math.exp(strength - most));
  const total = parts.reduce((sum, part) => sum + part, Math.exp(weights.none - most));
  return parts.map((part) => part / total);
}

function gradientOf(samples, names, weights) {
  const gradient = Object.fromEntries([...names, 'none'].map((name) => [name, 0]));
  const all = samples.reduce((sum, sample) => sum + weightOf(sample), 0);
  for (const sample of samples) {
    const share = weightOf(sample) / all;
    const chances = probabilities(sample, names, weights);
    const none = 1 - chances.reduce((sum, chance) => sum + chance, 0);
    for (const name of names) {
      const expected = chances.reduce((sum, chance, index) => sum + chance * sample.signals[index][name], 0);
      const seen = sample.right === undefined ? 0 : sample.signals[sample.right][name];
      gradient[name] += (seen - expected) * share;
    }
    gradient.none += ((sample.right === undefined ? 1 : 0) - none) * share;
  }
  return gradient;
}
