import { createHash } from 'node:crypto';
import { priorities, type EscalationSignals, type Interrupt } from '@support101/agent-kit';
import { ArticleId, id, type AgentId, type RequestId, type RunId, type TenantId } from '@support101/contracts';
import type { RunDecision } from '@support101/contracts/agent-runtime';
import { digestText, type EscalationRule, type ProposedAction, type RequestContent } from '@support101/contracts/hitl';

/** The tool call that a question is about: which one of which step, as the ledger of effects knows it. */
export interface CallPlace {
  readonly step: number;
  readonly position: number;
  readonly tool: string;
}

/**
 * Who asks, and so who takes the answer: the agent; the runtime because of an escalation rule and without the agent
 * having anything to show; the runtime about a tool call that needs approval, or whose effect is unknown.
 */
export type Subject =
  | { readonly kind: 'agent' }
  | { readonly kind: 'rule' }
  | ({ readonly kind: 'approval' } & CallPlace)
  | ({ readonly kind: 'effect'; readonly attempt: number } & CallPlace);

/** What a run wants to ask a person. */
export interface Question {
  readonly interrupt: Interrupt;
  readonly subject: Subject;
  /** The version of the tool that `interrupt.action` names. */
  readonly toolVersion?: string | undefined;
  readonly rule?: EscalationRule | undefined;
}

/** A request of a run that somebody or something has decided. */
export interface Asked {
  readonly requestId: RequestId;
  /** The step that asked. */
  readonly step: number;
  readonly subject: Subject;
  readonly action: ProposedAction | null;
  /** The escalation rule that asked, or marked it. */
  readonly rule: string | null;
  readonly decision: RunDecision;
}

/** Who asks. */
export interface Asker {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly agentId: AgentId;
}

/** The SHA-256 that binds a decision to exactly this tool call of exactly this run. */
export function digestOf(
  action: Pick<ProposedAction, 'tool' | 'toolVersion' | 'arguments'>,
  { tenantId, runId }: Pick<Asker, 'tenantId' | 'runId'>,
) {
  const { tool, toolVersion, arguments: given } = action;
  return createHash('sha256')
    .update(digestText({ tool, toolVersion, arguments: given, tenantId, runId }))
    .digest('hex');
}

/** What the person is shown. */
export function contentOf(question: Question, requestId: RequestId, asker: Asker): RequestContent {
  const { interrupt, rule, toolVersion = '' } = question;
  const { action, draft, evidence = [], context, priority, ...same } = interrupt;
  const { runId, agentId } = asker;
  const proposed = action && { tool: action.tool, toolVersion, arguments: action.arguments };
  return {
    ...same,
    requestId,
    runId,
    agentId,
    priority: rule === undefined ? priority : moreUrgent(priority, rule.priority),
    context,
    evidence: evidence.map(toEvidence),
    ...(draft === undefined ? {} : { draft }),
    ...(proposed === undefined ? {} : { action: { ...proposed, digest: digestOf(proposed, asker) } }),
    ...(rule === undefined ? {} : { escalation: { rule: rule.name, trigger: rule.trigger, level: rule.level } }),
  };
}

type Priority = Interrupt['priority'];

function moreUrgent(a: Priority, b: Priority): Priority {
  return priorities.indexOf(a) <= priorities.indexOf(b) ? a : b;
}

const PathId = id('gpt');

function toEvidence({
  articleId,
  title,
  excerpt,
  score,
}: NonNullable<Interrupt['evidence']>[number]): RequestContent['evidence'][number] {
  const [article, path] = [ArticleId.safeParse(articleId), PathId.safeParse(articleId)];
  return {
    ...(article.success ? { articleId: article.data } : {}),
    ...(path.success ? { pathId: path.data } : {}),
    title,
    text: excerpt,
    score,
  };
}

/** The question about a match of an escalation rule that the agent has nothing particular to show for. */
export function ruleQuestion(rule: EscalationRule, action: string, signals: EscalationSignals): Question {
  const interrupt: Interrupt = {
    type: 'escalation',
    title: `Escalation: ${rule.name}`,
    question: `The step ${action} matched the escalation rule "${rule.name}". Shall the run go on?`,
    options: ['approve', 'reject'],
    priority: rule.priority,
    context: { signals: { ...signals } },
  };
  return { interrupt, subject: { kind: 'rule' }, rule };
}

/** The question whether a tool may be called with exactly these arguments. */
export function approvalQuestion(
  at: CallPlace,
  toolVersion: string,
  given: NonNullable<Interrupt['action']>['arguments'],
): Question {
  const interrupt: Interrupt = {
    type: 'approval',
    title: `Approve ${at.tool}`,
    question: `The agent wants to call ${at.tool} with these arguments. May it?`,
    options: ['approve', 'edit', 'reject'],
    priority: 'medium',
    action: { tool: at.tool, arguments: given },
    context: {},
  };
  return { interrupt, subject: { kind: 'approval', ...at }, toolVersion };
}

/** The question what to do about a call of which nobody knows whether it had its effect. */
export function effectQuestion(
  at: CallPlace,
  attempt: number,
  toolVersion: string,
  given: NonNullable<Interrupt['action']>['arguments'],
): Question {
  const interrupt: Interrupt = {
    type: 'clarification',
    title: `Did ${at.tool} have its effect?`,
    question: `A call of ${at.tool} was cut short: it may have had its effect or not. Retry calls it again, skip goes on without, fail ends the run.`,
    options: ['retry', 'skip', 'fail'],
    priority: 'high',
    context: { tool: at.tool, toolVersion, arguments: given },
  };
  return { interrupt, subject: { kind: 'effect', ...at, attempt } };
}
