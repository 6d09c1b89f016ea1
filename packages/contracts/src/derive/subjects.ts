import type { EventContract, Rpc, StreamContract } from '../kernel/contract.js';
import { eventSubject, serviceOf } from '../kernel/envelope.js';
import { ofService, type Registry } from '../kernel/registry.js';
import { accessPhrase, headingOf } from './names.js';

/** A page in Markdown that lists every command, event and stream by service. */
export function subjects(registry: Registry): string {
  const names = [...registry.rpcs.map(nameOf), ...registry.events.map(nameOf), ...registry.streams.map(nameOf)];
  const services = [...new Set(names.map(serviceOf))].sort();
  const head = [
    '# Subjects',
    '',
    'Everything that crosses a process border. Made from the contracts by `node tooling/generate.mjs`; do not edit.',
    '',
    '- A **command** is asked on its subject (request and reply) and answered by one service.',
    '- An **event** is published for every tenant on a subject of its own, as a CloudEvent: `asyncapi.json` has the shapes.',
    '- A **stream** is a series of items over HTTP (server-sent events).',
  ];
  return `${[...head, ...services.flatMap((service) => section(service, ofService(registry, service)))].join('\n')}\n`;
}

function section(service: string, { rpcs, events, streams }: Registry): string[] {
  return [
    '',
    `## ${headingOf(service)}`,
    ...table('Commands', ['subject', 'does', 'who', 'HTTP', 'errors'], rpcs, commandRow),
    ...table('Events', ['subject', 'says', 'audit'], events, eventRow),
    ...table('Streams', ['subject', 'gives', 'who', 'HTTP', 'errors'], streams, commandRow),
  ];
}

function table<C extends Rpc | EventContract | StreamContract>(
  title: string,
  head: readonly string[],
  contracts: readonly C[],
  row: (contract: C) => readonly string[],
): string[] {
  if (contracts.length === 0) return [];
  const sorted = [...contracts].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return ['', `### ${title}`, '', line(head), line(head.map(() => '---')), ...sorted.map((contract) => line(row(contract)))];
}

function commandRow(contract: Rpc | StreamContract): readonly string[] {
  const http = contract.http === undefined ? '' : `\`${contract.http.method} ${contract.http.path}\``;
  return [`\`${contract.subject}\``, contract.summary, accessPhrase(contract.access), http, contract.errors.join(', ')];
}

function eventRow(event: EventContract): readonly string[] {
  return [`\`${eventSubject(event.type, '*').replace('*', '<tenantId>')}\``, event.summary, event.audit];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function nameOf(contract: Rpc | EventContract | StreamContract): string {
  return contract.kind === 'event' ? contract.type : contract.subject;
}
