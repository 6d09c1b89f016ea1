import type { ExportFormat, InputOf } from '@support101/contracts';
import type { recordAudit } from '@support101/contracts/governance';

export type AuditInput = InputOf<typeof recordAudit>['entries'][number];

/** One entry of a list. */
export type Entry = Readonly<Record<string, unknown>>;

/** How a list is written: what stands before, between and after its entries, and what each of them is. */
export interface Form {
  readonly contentType: string;
  readonly head: string;
  readonly between: string;
  readonly tail: string;
  entry(entry: Entry): string;
}

const lineOfJson = (entry: Entry): string => JSON.stringify(entry);

/** The form of a list with these columns, which only CSV needs. */
export function formOf(format: ExportFormat, columns: readonly string[]): Form {
  switch (format) {
    case 'json':
      return { contentType: 'application/json', head: '[', between: ',\n', tail: ']\n', entry: lineOfJson };
    case 'ndjson':
      return { contentType: 'application/x-ndjson', head: '', between: '', tail: '', entry: (one) => `${lineOfJson(one)}\n` };
    case 'csv': {
      const paths = columns.map((column) => column.split('.'));
      const entry = (one: Entry) => csvRow(paths.map((path) => valueAt(one, path)));
      return { contentType: 'text/csv; charset=utf-8', head: csvRow(columns), between: '', tail: '', entry };
    }
  }
}

/** The text of one page; `isFirst` when no entry stands before it. */
export function textOf({ entry, between }: Form, entries: readonly Entry[], isFirst: boolean): string {
  const text = entries.map(entry).join(between);
  return isFirst || entries.length === 0 ? text : between + text;
}

/** A row of CSV as RFC 4180 has it. */
export function csvRow(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

// Spreadsheets take a cell that begins so for a formula; the wide forms are those of Japanese keyboards.
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

/** Nothing for null, text as it is, anything else as JSON. Text that a spreadsheet would compute gets a quote before it. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = typeof value === 'string' && formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function valueAt(entry: Entry, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Entry | null | undefined)?.[name], entry);
}

/** The name of the file, for example `audit-ten_…-20261122T093000Z.csv`. */
export function fileName(name: string, { tenantId, at, format }: { tenantId: string; at: Date; format: ExportFormat }): string {
  return `${name}-${tenantId}-${at.toISOString().replaceAll(/[-:]|\.[0-9]+/g, '')}.${format}`;
}

/** What the audit is told of an export. */
export interface ExportNote {
  readonly principal: AuditInput['principal'];
  /** Subject of the contract. */
  readonly operation: string;
  readonly correlationId: string;
  readonly format: ExportFormat;
  readonly filters: Readonly<Record<string, unknown>>;
}

/** What became of an export: how many entries were handed to the connection, of which the client had at most as many. */
export interface ExportOutcome {
  readonly outcome: string;
  readonly entries: number;
}

/** The audit entry of an export that begins, or ended. */
export function auditEntryOf(
  { principal, operation, correlationId, format, filters }: ExportNote,
  when: Pick<AuditInput, 'eventId' | 'time'>,
  ended?: ExportOutcome,
): AuditInput {
  return {
    ...when,
    eventType: 'data_accessed',
    action: ended === undefined ? 'gateway.exports.started' : 'gateway.exports.ended',
    resource: `operation:${operation}`,
    outcome: ended?.outcome ?? 'success',
    principal: { type: principal.type, id: principal.id },
    correlationId,
    details: { format, filters, ...(ended === undefined ? {} : { entries: ended.entries }) },
  };
}
