import { z } from 'zod';
import { rpc } from '../kernel/contract.js';
import { page, pageQuery } from '../kernel/page.js';
import { text } from '../kernel/text.js';

const JsonSchema = z.record(z.string(), z.unknown()).meta({ description: 'A JSON Schema (2020-12)' });

/** A tool that a blueprint may use. */
export const BlueprintTool = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    effect: z.enum(['read', 'write']),
    requiresApproval: z.boolean(),
  })
  .meta({ id: 'BlueprintTool' });

/** A kind of agent: what it takes, what it gives, what can be set. The same for every tenant. */
export const Blueprint = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    inputSchema: JsonSchema,
    outputSchema: JsonSchema,
    configSchema: JsonSchema,
    defaultConfig: z.record(z.string(), z.unknown()),
    tools: z.array(BlueprintTool),
  })
  .meta({ id: 'Blueprint' });
export type Blueprint = z.infer<typeof Blueprint>;

/** Lists the newest version of every blueprint, by name. */
export const listBlueprints = rpc('agent-runtime.blueprints.list.v1', {
  summary: 'List the blueprints agents can be made from',
  access: { resource: 'agent-runtime:blueprints', level: 'read' },
  http: { method: 'GET', path: '/v1/agents/blueprints' },
  input: z.object({ ...pageQuery }),
  output: page(Blueprint),
  errors: ['cursor_invalid'],
});

/** Reads one blueprint in its newest version. */
export const getBlueprint = rpc('agent-runtime.blueprints.get.v1', {
  summary: 'Read one blueprint',
  access: { resource: 'agent-runtime:blueprints', level: 'read' },
  http: { method: 'GET', path: '/v1/agents/blueprints/{name}' },
  input: z.object({ name: text(100) }),
  output: Blueprint,
  errors: ['blueprint_not_found'],
});
