import { isStorable, type Issue } from '@support101/contracts';

/** Deeper bodies are refused: nothing needs them, and recursive readers behind us would run out of stack. */
const maxDepth = 64;

/**
 * What in a parsed body could not be stored or passed on unchanged, if anything: a NUL character, half of a surrogate
 * pair, a number that JavaScript cannot hold, a `__proto__` key, or too deep nesting.
 */
export function unstorablePart(value: unknown): Issue | undefined {
  const found = inspect(value, 0);
  return found === undefined ? undefined : { path: found.path.map(pointerPart).join(''), message: found.message };
}

interface Found {
  readonly path: string[];
  readonly message: string;
}

function inspect(value: unknown, depth: number): Found | undefined {
  switch (typeof value) {
    case 'string':
      return isStorable(value) ? undefined : here('must not contain NUL characters or unpaired surrogates');
    case 'number':
      return inspectNumber(value);
    case 'object':
      return value === null ? undefined : inspectContainer(value, depth);
    default:
      return undefined;
  }
}

function inspectNumber(value: number): Found | undefined {
  if (!Number.isFinite(value)) return here('is too large for a number');
  // Silently rounded ids of other systems are worse than an error.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return here('is too large to be exact: write it as text');
  return undefined;
}

function inspectContainer(value: object, depth: number): Found | undefined {
  if (depth >= maxDepth) return here(`is nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = inspect(value[index], depth + 1);
      if (found !== undefined) return below(String(index), found);
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isStorable(key)) return below(key, here('is not a usable name'));
    const found = inspect((value as Record<string, unknown>)[key], depth + 1);
    if (found !== undefined) return below(key, found);
  }
  return undefined;
}

function here(message: string): Found {
  return { path: [], message };
}

function below(key: string, found: Found): Found {
  found.path.unshift(key);
  return found;
}

/** `key` as a part of a JSON pointer, in a form that may be shown. */
export function pointerPart(key: string): string {
  return `/${key.toWellFormed().replaceAll('\u0000', '\ufffd').replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
