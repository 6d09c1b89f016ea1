import { createHmac, randomUUID } from 'node:crypto';
import type { Answer } from '../../test/api-client.ts';
import { Insistent } from './insist.ts';

/** What the product has acknowledged to one customer: all of it must be there in the end, once. */
export interface Acknowledged {
  /** Ids by name. */
  readonly agents: Map<string, string>;
  /** Ids by title. */
  readonly articles: Map<string, string>;
  /** Ids by question. */
  readonly runs: Map<string, string>;
  /** Answers of people, by run. */
  readonly answers: Map<string, string>;
  /** Event ids by the sender's id. */
  readonly webhooks: Map<string, string>;
}

/** How one of the product's doors is reached, and as whom. */
export interface Door {
  readonly urls: readonly string[];
  readonly platformKey: string;
}

const text = (value: unknown): string => String(value);
const settleMs = 90_000;
const pauseMs = 100;

/** A customer of the product: a tenant, and its program that insists on each of its calls. */
export class Customer {
  readonly tenantId: string;
  readonly api: Insistent;
  readonly acknowledged: Acknowledged = {
    agents: new Map(),
    articles: new Map(),
    runs: new Map(),
    answers: new Map(),
    webhooks: new Map(),
  };
  #agentId = '';
  #source: { url: string; secret: string } = { url: '', secret: '' };

  private constructor(tenantId: string, api: Insistent) {
    this.tenantId = tenantId;
    this.api = api;
  }

  /** Makes the tenant, its key, an agent that opens tickets, an article and a source of webhooks. */
  static async open({ urls, platformKey }: Door, name: string): Promise<Customer> {
    const platform = new Insistent(urls, platformKey);
    const made = expected(await platform.post('/v1/tenants', { name, tier: 'enterprise', autoActivate: true }), 201);
    const tenantId = text(made.body['tenantId']);
    const key = expected(await platform.post(`/v1/tenants/${tenantId}/api-keys`, { name: 'client', roles: ['admin'] }), 201);
    const customer = new Customer(tenantId, new Insistent(urls, text(key.body['key'])));
    customer.#agentId = await customer.createAgent('Helper', { openTicket: true });
    const source = await customer.api.post('/v1/webhook-sources', { provider: 'generic', name: 'Helpdesk' });
    customer.#source = expected(source, 201).body as unknown as { url: string; secret: string };
    return customer;
  }

  async createAgent(name: string, config: Record<string, unknown> = {}): Promise<string> {
    const made = expected(await this.api.post('/v1/agents', { blueprint: 'support_agent', name, config }), 201);
    this.acknowledged.agents.set(name, text(made.body['agentId']));
    return text(made.body['agentId']);
  }

  async createArticle(title: string, content: string): Promise<void> {
    const made = expected(await this.api.post('/v1/learning/knowledge', { title, content }), 201);
    this.acknowledged.articles.set(title, text(made.body['articleId']));
  }

  /** Asks the agent; gives the run's id, whatever becomes of it. */
  async ask(question: string): Promise<string> {
    const path = `/v1/agents/${this.#agentId}/execute`;
    const run = expected(await this.api.post(path, { input: { query: question } }, { prefer: 'wait=2' }), 200, 202);
    this.acknowledged.runs.set(question, text(run.body['runId']));
    return text(run.body['runId']);
  }

  /** Waits until the run is where it is wanted; throws where it ends otherwise. */
  async until(runId: string, wanted: 'awaiting_human' | 'completed'): Promise<Answer> {
    const deadline = performance.now() + settleMs;
    for (;;) {
      const run = expected(await this.api.get(`/v1/runs/${runId}`), 200);
      const status = text(run.body['status']);
      if (status === wanted) return run;
      if (['failed', 'cancelled', 'timed_out', 'completed'].includes(status) || performance.now() > deadline) {
        throw new Error(`run ${runId} is to be ${wanted} and is ${JSON.stringify(run.body)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** The request of a run that waits for a person, once a reviewer can see it. */
  async requestOf(runId: string): Promise<string> {
    const run = await this.until(runId, 'awaiting_human');
    const { requestId } = run.body['awaiting'] as unknown as { requestId: string };
    const deadline = performance.now() + settleMs;
    for (;;) {
      const request = await this.api.get(`/v1/hitl/queue/${requestId}`);
      if (request.status === 200) return requestId;
      if (performance.now() > deadline) throw new Error(`request ${requestId} of run ${runId} is not in the queue`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async claim(requestId: string): Promise<void> {
    expected(await this.api.post(`/v1/hitl/queue/${requestId}/claim`), 200);
  }

  /** Answers as a person; the answer is acknowledged with this. */
  async answer(runId: string, requestId: string, answer: string): Promise<void> {
    expected(await this.api.post(`/v1/hitl/queue/${requestId}/respond`, { decision: 'edit', edits: { answer } }), 200);
    this.acknowledged.answers.set(runId, answer);
  }

  /** Sends a signed webhook until it is accepted. */
  async webhook(id: string): Promise<void> {
    const body = JSON.stringify({ type: 'ticket.created', data: { ticket: { id, subject: 'No sign-in' } } });
    const at = Math.floor(Date.now() / 1000);
    const secret = Buffer.from(this.#source.secret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64');
    const signed = { 'webhook-id': id, 'webhook-timestamp': text(at), 'webhook-signature': `v1,${signature}` };
    const { pathname } = new URL(this.#source.url, 'http://any');
    const sent = expected(await this.api.send('POST', pathname, body, { ...signed, 'content-type': 'application/json' }), 202);
    this.acknowledged.webhooks.set(id, text(sent.body['eventId']));
  }

  /** Waits for the golden path that is made of a run. */
  async pathOf(runId: string): Promise<string> {
    const deadline = performance.now() + settleMs;
    for (;;) {
      const paths = expected(await this.api.get('/v1/learning/golden-paths?limit=100'), 200);
      const path = paths.body.data.find((each) => text(each['runId']) === runId);
      if (path !== undefined) return text(path['pathId']);
      if (performance.now() > deadline) throw new Error(`run ${runId} has made no golden path`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Asks what a person has answered before, in other words: the golden path answers it, once it can be found by meaning. */
  async askAgain(question: string, runId: string): Promise<void> {
    const pathId = await this.pathOf(runId);
    const deadline = performance.now() + settleMs;
    for (;;) {
      const found = expected(await this.api.get(`/v1/learning/knowledge/search?q=${encodeURIComponent(question)}`), 200);
      const [best] = found.body.data as unknown as { pathId?: string; score: number }[];
      if (best?.pathId === pathId && best.score > 0.8) break;
      if (performance.now() > deadline) throw new Error(`${pathId} is not found: ${JSON.stringify(best)}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    const again = await this.ask(question);
    const run = await this.until(again, 'completed');
    const { sources } = run.body['output'] as unknown as { sources: { pathId?: string }[] };
    if (sources.every((source) => source.pathId !== pathId)) throw new Error(`run ${again} was answered without ${pathId}`);
  }

  /** Every item of a list, page by page. */
  async all(path: string): Promise<Readonly<Record<string, unknown>>[]> {
    const items: Readonly<Record<string, unknown>>[] = [];
    for (let after = ''; ;) {
      const page = expected(await this.api.get(`${path}?limit=100${after}`), 200);
      items.push(...page.body.data);
      const next = page.body['nextCursor'] as unknown as string | null;
      if (next === null) return items;
      after = `&cursor=${next}`;
    }
  }

  /** A question that no article and no golden path of another one answers. */
  question(): string {
    const [word, other] = [randomUUID().slice(0, 8), randomUUID().slice(0, 8)];
    return `Which ${word} fits the ${other} that I bought?`;
  }
}

function expected(answer: Answer, ...statuses: number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`expected ${statuses.join(' or ')} and got ${answer.status}: ${JSON.stringify(answer.body)}`);
}
