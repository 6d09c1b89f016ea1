import type { PartHealth } from '@support101/service-kit';

/** What the start-up prints. */
export interface Banner {
  readonly url: string;
  readonly readySeconds: number;
  readonly parts: readonly PartHealth[];
  readonly demo: { readonly key: string; readonly agentId: string } | undefined;
  /** Shown once, at the start that made it. */
  readonly newPlatformKey: string | undefined;
  readonly dataDirectory: string;
  readonly portNote: string | undefined;
}

/** The table of parts, aligned, with what to set to get the full one. */
export function partsTable(parts: readonly PartHealth[]): string[] {
  const rows = [
    ['need', 'using now', 'state', 'to change'],
    ...parts.map((part) => [part.part, part.using, part.state, part.hint ?? '']),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/** The whole text, line by line. */
export function bannerLines(banner: Banner): string[] {
  return [
    '',
    `  Support101 Agents is ready (${banner.readySeconds.toFixed(1)} s)`,
    '',
    ...(banner.portNote === undefined ? [] : [`  ${banner.portNote}`, '']),
    `  API        ${banner.url}/v1`,
    `  Docs       ${banner.url}/docs`,
    `  Health     ${banner.url}/health/ready`,
    `  Data       ${banner.dataDirectory}`,
    '',
    ...partsTable(banner.parts),
    '',
    ...(banner.newPlatformKey === undefined
      ? ['  Platform key: kept in the data directory (platform-key)']
      : [`  Platform key (printed only now): ${banner.newPlatformKey}`]),
    ...demoLines(banner),
    '',
    '  Ctrl-C stops; `npm start -- --reset` begins anew.',
    '',
  ];
}

function demoLines(banner: Banner): string[] {
  if (banner.demo === undefined) return [];
  return [
    `  Demo key:     ${banner.demo.key}`,
    '',
    '  Try:',
    `  curl -s ${banner.url}/v1/agents/${banner.demo.agentId}/execute -H 'Authorization: Bearer ${banner.demo.key}' -H 'Content-Type: application/json' -d '{"input":{"query":"How do I reset my password?"}}'`,
  ];
}
