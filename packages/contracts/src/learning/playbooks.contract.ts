import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { id, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';

/** Id of a playbook. */
export const PlaybookId = id('pbk');
export type PlaybookId = z.infer<typeof PlaybookId>;

/** The steps that resolved cases of a category, as a draft that a person can read. Nothing executes it. */
export const Playbook = z
  .object({
    playbookId: PlaybookId,
    tenantId: TenantId,
    category: z.string(),
    blueprint: z.string(),
    status: z.enum(['draft']),
    /** The actions in order. */
    steps: z.array(z.string()),
    /** Distinct cases that ended well by these steps, and that failed on their way through them. */
    successCount: z.number().int(),
    failureCount: z.number().int(),
    /** Share of the successes among both. */
    successRate: z.number(),
    /** Runs it was made from, one per case, newest first; at most 100. */
    sources: z.array(RunId),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Playbook' });
export type Playbook = z.infer<typeof Playbook>;

const read = { resource: 'learning:playbooks', level: 'read' } as const;
const category = text(100);

/** Makes a draft of what most often resolved cases of a category; the draft of the same steps is brought up to date. */
export const extractPlaybook = rpc('learning.playbooks.extract.v1', {
  summary: 'Draft a playbook from at least three cases of a category that were resolved by the same steps',
  access: { resource: 'learning:playbooks', level: 'execute' },
  http: { method: 'POST', path: '/v1/learning/playbooks/extract' },
  input: z.object({ category }),
  output: Playbook,
  errors: ['playbook_samples_missing'],
});

/** Lists playbooks, newest first. */
export const listPlaybooks = rpc('learning.playbooks.list.v1', {
  summary: 'List the playbooks, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/learning/playbooks' },
  input: z.object({ ...pageQuery, category: category.optional() }),
  output: page(Playbook),
  errors: ['cursor_invalid'],
});

/** Reads one playbook. */
export const getPlaybook = rpc('learning.playbooks.get.v1', {
  summary: 'Read one playbook',
  access: read,
  http: { method: 'GET', path: '/v1/learning/playbooks/{playbookId}' },
  input: z.object({ playbookId: PlaybookId }),
  output: Playbook,
  errors: ['playbook_not_found'],
});

/** A draft was made or brought up to date. */
export const playbookDrafted = event('learning.playbooks.drafted.v1', {
  summary: 'A playbook was drafted',
  data: z.object({
    playbookId: PlaybookId,
    category: z.string(),
    blueprint: z.string(),
    successCount: z.number().int(),
    failureCount: z.number().int(),
  }),
  resource: (data) => `playbook:${data.playbookId}`,
  audit: 'data_modified',
});
