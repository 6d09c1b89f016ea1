import type { Access } from '../kernel/access.js';

/** The parts of a subject or event type `<service>.<capability>.<verb>.v<N>`. */
export interface NameParts {
  readonly service: string;
  readonly capability: string;
  readonly verb: string;
  readonly version: number;
}

/** Takes a subject or event type apart. */
export function partsOf(name: string): NameParts {
  const [service = '', capability = '', verb = '', version = 'v1'] = name.split('.');
  return { service, capability, verb, version: Number(version.slice(1)) };
}

/** An identifier in camel case for the given name: `tenancy.api-keys.create.v1` is `tenancyApiKeysCreate`, later versions end in `V2` and so on. */
export function identifierOf(name: string): string {
  const { service, capability, verb, version } = partsOf(name);
  const words = `${service}-${capability}-${verb}`.split('-');
  const camel = words.map((word, index) => (index === 0 ? word : capitalise(word))).join('');
  return version === 1 ? camel : `${camel}V${version}`;
}

const acronyms = new Set(['api', 'hitl', 'sla']);

/** A name as a heading: `api-keys` is `API keys`. */
export function headingOf(name: string): string {
  return capitalise(
    name
      .split('-')
      .map((word) => (acronyms.has(word) ? word.toUpperCase() : word))
      .join(' '),
  );
}

/** Who may call, in one short phrase. */
export function accessPhrase(access: Access): string {
  if ('public' in access) return 'public';
  if ('internal' in access) return 'services only';
  const tenant = { caller: '', path: ', tenant in the path', platform: ', platform only' }[access.tenant ?? 'caller'];
  return `${access.level} on ${access.resource}${tenant}`;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
