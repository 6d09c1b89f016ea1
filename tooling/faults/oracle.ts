import type { Customer, Door } from './customer.ts';
import { Insistent } from './insist.ts';

/** What became of what was acknowledged to a customer. Each finding is a sentence. */
export interface Verdict {
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

type Item = Readonly<Record<string, unknown>>;

const services = ['tenancy', 'agent-runtime', 'governance', 'hitl', 'learning', 'webhook-gateway'];
const patienceMs = 90_000;
const pauseMs = 500;

/** Looks until nothing is missing any more, or for a minute and a half: what follows from an act comes a little later. */
export async function assess(customer: Customer, door: Door): Promise<Verdict> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const verdict = await new Assessment(customer).look(new Insistent(door.urls, door.platformKey));
    if (verdict.lost.length === 0 || performance.now() > deadline) return verdict;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** One look at everything that a customer has, through the public API. */
class Assessment {
  private readonly customer: Customer;
  readonly #lost: string[] = [];
  readonly #doubled: string[] = [];

  constructor(customer: Customer) {
    this.customer = customer;
  }

  async look(platform: Insistent): Promise<Verdict> {
    const { agents, articles, runs, answers, webhooks } = this.customer.acknowledged;
    this.#each('agent', agents, await this.customer.all('/v1/agents'), { named: 'name', id: 'agentId' });
    this.#each('article', articles, await this.customer.all('/v1/learning/knowledge'), { named: 'title', id: 'articleId' });
    const allRuns = (await this.customer.all('/v1/runs')).map((run) => ({ ...run, question: (run['input'] as Item)['query'] }));
    this.#each('run', runs, allRuns, { named: 'question', id: 'runId' });
    const audit = await this.customer.all('/v1/governance/audit');
    this.#trails(allRuns, audit);
    await this.#paths(allRuns);
    this.#webhooks(audit, webhooks);
    await this.#chain();
    await this.#usage(allRuns);
    await this.#deadLetters(platform);
    const acknowledged = agents.size + articles.size + runs.size + answers.size + webhooks.size;
    return { acknowledged, lost: this.#lost, doubled: this.#doubled };
  }

  /** Everything that was acknowledged is there under the id that was given, and nothing is there twice. */
  #each(kind: string, given: ReadonlyMap<string, string>, there: readonly Item[], by: { named: string; id: string }): void {
    const found = Map.groupBy(there, (item) => String(item[by.named]));
    for (const [name, id] of given) {
      const ids = (found.get(name) ?? []).map((item) => item[by.id]);
      if (!ids.includes(id)) this.#lost.push(`${kind} ${id} (${name})`);
    }
    for (const [name, items] of found) {
      if (items.length > 1) this.#doubled.push(`${kind} "${name}" is there ${items.length} times`);
    }
  }

  /** Each run has ended with what was answered, and each of its facts is on the audit once. */
  #trails(runs: readonly Item[], audit: readonly Item[]): void {
    const { answers } = this.customer.acknowledged;
    const byRun = Map.groupBy(audit, (entry) => String(entry['runId']));
    for (const run of runs) {
      const runId = String(run['runId']);
      const answer = answers.get(runId);
      const given = (run['output'] as Item | null)?.['answer'];
      if (answer !== undefined && given !== answer)
        this.#lost.push(`the answer to run ${runId}: it is ${run['status']}, ${given}`);
      if (run['status'] !== 'completed') this.#lost.push(`the end of run ${runId}: it is ${run['status']}`);
      const once = ['agent-runtime.runs.started', 'agent-runtime.runs.completed'];
      const ofPerson = [
        'agent-runtime.tickets.created',
        'agent-runtime.runs.human-requested',
        'hitl.requests.opened',
        'hitl.requests.decided',
        'agent-runtime.runs.resumed',
      ];
      this.#counts(runId, byRun.get(runId) ?? [], answer === undefined ? once : [...once, ...ofPerson]);
    }
  }

  #counts(runId: string, entries: readonly Item[], actions: readonly string[]): void {
    const steps = entries.filter((entry) => entry['action'] === 'agent-runtime.runs.step-executed');
    const numbers = steps.map((entry) => (entry['details'] as Item)['step']);
    if (new Set(numbers).size < numbers.length) this.#doubled.push(`steps of run ${runId}: ${numbers.join(', ')}`);
    for (const action of actions) {
      const times = entries.filter((entry) => entry['action'] === action).length;
      if (times === 0) this.#lost.push(`${action} of run ${runId}`);
      if (times > 1) this.#doubled.push(`${action} of run ${runId}: ${times} times`);
    }
  }

  async #paths(runs: readonly Item[]): Promise<void> {
    const paths = Map.groupBy(await this.customer.all('/v1/learning/golden-paths'), (path) => path['runId']);
    for (const { runId } of runs) {
      const found = paths.get(runId)?.length ?? 0;
      if (found === 0 && this.customer.acknowledged.answers.has(String(runId))) this.#lost.push(`golden path of run ${runId}`);
      if (found > 1) this.#doubled.push(`golden path of run ${runId}: ${found} times`);
    }
  }

  #webhooks(audit: readonly Item[], webhooks: ReadonlyMap<string, string>): void {
    const received = audit.filter((entry) => entry['action'] === 'webhook-gateway.inbound.received');
    const byId = Map.groupBy(received, (entry) => (entry['details'] as Item)['externalId']);
    for (const id of webhooks.keys()) if (!byId.has(id)) this.#lost.push(`webhook ${id}`);
    for (const [id, entries] of byId) if (entries.length > 1) this.#doubled.push(`webhook ${id}: ${entries.length} times`);
  }

  async #chain(): Promise<void> {
    const { body } = await this.customer.api.get('/v1/governance/audit/verify');
    if (body['valid'] !== (true as unknown)) this.#lost.push(`a valid audit: ${JSON.stringify(body)}`);
  }

  async #usage(runs: readonly Item[]): Promise<void> {
    const { agents, answers } = this.customer.acknowledged;
    const { body } = await this.customer.api.get(`/v1/tenants/${this.customer.tenantId}/usage`);
    const counted = body['runs'] as unknown as Record<string, number>;
    const { limits } = body as unknown as { limits: Record<string, { current: number }> };
    const figures = [
      ['runs started', counted['started'], runs.length],
      ['runs assisted', counted['assisted'], answers.size],
      ['agents', limits['agents']?.current, agents.size],
      ['executions that go on', limits['concurrentExecutions']?.current, 0],
      ['requests that are open', limits['hitlQueueSize']?.current, 0],
    ] as const;
    for (const [what, is, must] of figures) {
      // More than there is may still go down; that more runs are counted than there are never does.
      if (is !== must)
        (what.startsWith('runs') && Number(is) > must ? this.#doubled : this.#lost).push(`usage: ${what} ${is}, not ${must}`);
    }
  }

  async #deadLetters(platform: Insistent): Promise<void> {
    for (const service of services) {
      const { body } = await platform.get(`/v1/dead-letters/${service}?tenantId=${this.customer.tenantId}`);
      for (const letter of body.data) this.#lost.push(`${service} gave up on an event: ${JSON.stringify(letter)}`);
    }
  }
}
