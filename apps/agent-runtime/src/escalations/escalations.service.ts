import { Inject, Injectable } from '@nestjs/common';
import { firstMatch, type EscalationSignals } from '@support101/agent-kit';
import { serviceCaller, type TenantCaller, type TenantId } from '@support101/contracts';
import { defaultEscalationRules, escalationPolicyOf, type EscalationRule } from '@support101/contracts/hitl';
import { CommandClient } from '@support101/messaging';
import { Clock, LOG, type Log } from '@support101/service-kit';

interface Known {
  readonly rules: readonly EscalationRule[];
  readonly until: number;
}

/** How long the rules of a tenant are remembered, and how long asking for them may take; milliseconds. */
const times = { rememberedMs: 5_000, askingMs: 2_000 } as const;

/** The escalation rules of a tenant, held against what steps noticed. */
@Injectable()
export class EscalationsService {
  readonly #known = new Map<TenantId, Known>();

  constructor(
    private readonly client: CommandClient,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The first rule that matches; one that has already asked a person in this run does not ask again. */
  async match(
    signals: EscalationSignals,
    fired: readonly (string | null)[],
    caller: TenantCaller,
  ): Promise<EscalationRule | undefined> {
    const rules = await this.#rules(caller);
    return firstMatch(
      rules.filter((rule) => !fired.includes(rule.name)),
      signals,
    );
  }

  /** While hitl is away, what was known of the tenant stands, or else the default rules. */
  async #rules({ tenantId, correlationId }: TenantCaller): Promise<readonly EscalationRule[]> {
    const known = this.#known.get(tenantId);
    const now = this.clock.now().getTime();
    if (known !== undefined && now < known.until) return known.rules;
    const rules = await this.#ask(tenantId, correlationId, known?.rules);
    if (this.#known.size >= 10_000) this.#known.clear();
    this.#known.set(tenantId, { rules, until: now + times.rememberedMs });
    return rules;
  }

  async #ask(
    tenantId: TenantId,
    correlationId: string,
    known: readonly EscalationRule[] | undefined,
  ): Promise<readonly EscalationRule[]> {
    try {
      const caller = serviceCaller('agent-runtime', correlationId, tenantId);
      const { policyId, rules } = await this.client.call(escalationPolicyOf, { tenantId }, caller, { timeoutMs: times.askingMs });
      return policyId === null && rules.length === 0 ? defaultEscalationRules : rules;
    } catch (error) {
      this.log.warn({ error, tenantId }, 'the escalation rules could not be read');
      return known ?? defaultEscalationRules;
    }
  }
}
