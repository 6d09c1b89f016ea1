import { Injectable } from '@nestjs/common';
import {
  DomainError,
  ExportFormat,
  isDomainError,
  serviceCaller,
  type Rpc,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import { exportColumns } from '@support101/contracts/derive';
import { recordAudit } from '@support101/contracts/governance';
import { CommandClient } from '@support101/messaging';
import { Clock, newId } from '@support101/service-kit';
import type { RoutedRpc } from '../platform/contract-route.js';
import type { ExportEnd, ExportWish, OpenExport } from '../platform/export-route.js';
import { RefusalsService } from '../refusals/refusals.service.js';
import { auditEntryOf, fileName, formOf, textOf, type Entry, type ExportNote, type Form } from './exports.rules.js';

interface Page {
  readonly data: readonly Entry[];
  readonly nextCursor: string | null;
}

/** An export under way. */
interface Walk {
  readonly first: Page;
  readonly form: Form;
  readonly next: (cursor: string) => Promise<Page>;
  /** Entries that were handed on. */
  given: number;
}

/** Exports of one tenant at once, in this process: each costs a page of memory and keeps a service busy. */
const mostAtOnce = 4;

/** Walks through lists page by page and gives them as files. */
@Injectable()
export class ExportsService {
  readonly #underWay = new Map<TenantId, number>();

  constructor(
    private readonly client: CommandClient,
    private readonly clock: Clock,
    private readonly refusals: RefusalsService,
  ) {}

  /**
   * Begins an export. It is on the audit before anything is sent, else it is refused; its end is told afterwards. The
   * first page is read before that, so an export of the audit does not hold itself.
   */
  async open(contract: RoutedRpc, wish: ExportWish): Promise<OpenExport> {
    try {
      return await this.#open(contract, wish);
    } catch (error) {
      const { tenantId, principal, correlationId } = wish.caller;
      this.refusals.refused(error, { tenantId, principal, correlationId, operation: contract.subject });
      throw error;
    }
  }

  async #open(contract: RoutedRpc, wish: ExportWish): Promise<OpenExport> {
    const { format: wanted, ...filters } = wish.input;
    const format = ExportFormat.parse(wanted);
    const { tenantId, principal, correlationId } = wish.caller;
    const note: ExportNote = { principal, operation: contract.subject, correlationId, format, filters };
    this.#take(tenantId);
    try {
      const first = await this.#page(contract, filters, wish);
      await this.#started(note, wish.caller);
      const next = async (cursor: string): Promise<Page> => {
        await wish.isStillAdmitted();
        return this.#page(contract, { ...filters, cursor }, wish);
      };
      const walk: Walk = { first, form: formOf(format, exportColumns(contract)), next, given: 0 };
      const file = fileName(contract.http.export?.name ?? 'export', { tenantId, at: this.clock.now(), format });
      return {
        headers: { 'content-type': walk.form.contentType, 'content-disposition': `attachment; filename="${file}"` },
        texts: textsOf(walk),
        ended: (how, error) => this.#ended(note, tenantId, { how, error, entries: walk.given }),
      };
    } catch (error) {
      this.#release(tenantId);
      throw error;
    }
  }

  #page(contract: Rpc, input: Record<string, unknown>, { caller, signal }: ExportWish): Promise<Page> {
    return this.client.call(contract, input, caller, { signal }) as Promise<Page>;
  }

  async #started(note: ExportNote, { tenantId, correlationId }: TenantCaller): Promise<void> {
    const entry = auditEntryOf(note, { eventId: newId('evt'), time: this.clock.now().toISOString() });
    await this.client.call(recordAudit, { tenantId, entries: [entry] }, serviceCaller('gateway', correlationId, tenantId));
  }

  #ended(
    note: ExportNote,
    tenantId: TenantId,
    { how, error, entries }: { how: ExportEnd; error: unknown; entries: number },
  ): void {
    this.#release(tenantId);
    const failure = isDomainError(error) ? error.code : 'internal';
    const when = { eventId: newId('evt'), time: this.clock.now().toISOString() };
    this.refusals.tell(tenantId, auditEntryOf(note, when, { outcome: how === 'failed' ? failure : how, entries }));
  }

  #take(tenantId: TenantId): void {
    const count = this.#underWay.get(tenantId) ?? 0;
    if (count >= mostAtOnce) {
      const detail = `The tenant has ${mostAtOnce} exports under way; wait until one of them has ended.`;
      throw new DomainError('rate_limited', detail, { retryAfterSeconds: 10 });
    }
    this.#underWay.set(tenantId, count + 1);
  }

  #release(tenantId: TenantId): void {
    const count = (this.#underWay.get(tenantId) ?? 1) - 1;
    if (count === 0) this.#underWay.delete(tenantId);
    else this.#underWay.set(tenantId, count);
  }
}

async function* textsOf(walk: Walk): AsyncGenerator<string> {
  const { form } = walk;
  let { data, nextCursor } = walk.first;
  let text = form.head;
  for (;;) {
    text += textOf(form, data, walk.given === 0);
    walk.given += data.length;
    if (nextCursor === null) break;
    yield text;
    ({ data, nextCursor } = await walk.next(nextCursor));
    text = '';
  }
  yield text + form.tail;
}
