import { readFile } from 'node:fs/promises';
import type { AgentId, Caller, TenantId } from '@support101/contracts';
import { createAgent } from '@support101/contracts/agent-runtime';
import { createArticle } from '@support101/contracts/learning';
import { createApiKey, createTenant } from '@support101/contracts/tenancy';
import type { CommandClient } from '@support101/messaging';
import { z } from 'zod';
import type { DataDirectory } from '../start/data-directory.service.js';

const DemoArticles = z.object({
  company: z.string(),
  articles: z.array(z.object({ title: z.string(), content: z.string(), tags: z.array(z.string()), sourceUrl: z.string() })),
});

const Demo = z.object({ tenantId: z.string(), agentId: z.string(), key: z.string() });

/** The demo tenant's way in: its key and its agent. */
export interface DemoTenant {
  readonly key: string;
  readonly agentId: AgentId;
}

const file = 'demo.json';
const articlesFile = new URL('../../demo/articles.json', import.meta.url);

/**
 * Makes the demo tenant at the first start: a company with its help centre and one support agent. Everything goes
 * through the same commands that a customer's calls become, so what it shows is the product's own work. Each step has
 * an idempotency key: a start that was interrupted goes on where it stopped.
 */
export class DemoService {
  constructor(
    private readonly client: CommandClient,
    private readonly data: DataDirectory,
  ) {}

  async open(): Promise<DemoTenant> {
    const kept = await this.data.read(file);
    if (kept !== undefined) {
      const demo = Demo.safeParse(JSON.parse(kept));
      if (demo.success) return { key: demo.data.key, agentId: demo.data.agentId as AgentId };
    }
    return this.make();
  }

  private async make(): Promise<DemoTenant> {
    const { company, articles } = DemoArticles.parse(JSON.parse(await readFile(articlesFile, 'utf8')));
    const tenant = await this.client.call(
      createTenant,
      { name: company, tier: 'professional', autoActivate: true },
      platformCaller('demo-tenant'),
    );
    for (const [index, article] of articles.entries()) {
      await this.client.call(createArticle, article, platformCaller(`demo-article-${index}`, tenant.tenantId));
    }
    const agent = await this.client.call(
      createAgent,
      { blueprint: 'support_agent', name: `${company} support`, description: 'Answers from the help centre' },
      platformCaller('demo-agent', tenant.tenantId),
    );
    // Without an idempotency key: a stored answer would not hold the secret.
    const { key } = await this.client.call(
      createApiKey,
      { tenantId: tenant.tenantId, name: 'demo', roles: ['admin'] },
      platformCaller(undefined, tenant.tenantId),
    );
    if (key === undefined) throw new Error('the demo key was made without its secret');
    const demo = { tenantId: tenant.tenantId, agentId: agent.agentId, key };
    await this.data.writeSecret(file, JSON.stringify(demo));
    return demo;
  }
}

function platformCaller(idempotencyKey: string | undefined, tenantId?: TenantId): Caller {
  return {
    principal: { type: 'platform', id: 'demo', roles: [] },
    correlationId: 'demo',
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}
