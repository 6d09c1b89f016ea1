import { DomainError, type OutputOf, type RequestId, type RunId, type TenantId } from '@support101/contracts';
import { traceRun } from '@support101/contracts/agent-runtime';
import { type ArticleSummary, createArticle, getArticle } from '@support101/contracts/learning';
import type { Embedder } from '@support101/models';
import { newId } from '@support101/service-kit';
import { type Engine, operatorOf, TestedService } from '@support101/service-testing';
import { anExampleOf, eventually } from '@support101/testing';
import type { z } from 'zod';
import { learningService } from '../src/app.module.js';

/** Learning booted by itself with the given embedder, on a native Postgres unless told, with a stand-in for agent-runtime’s traces. */
export class LoneLearning extends TestedService {
  /** The runs that the stand-in can tell about; one that is not here is not found. */
  readonly traces = new Map<RunId, OutputOf<typeof traceRun>>();

  static boot(embedder: Embedder, engine?: Engine, redisUrl?: string): Promise<LoneLearning> {
    return new LoneLearning(learningService({ embedder, redisUrl })).start({ engine });
  }

  /** Adds an article and waits until it can be found by meaning too. */
  async addIndexed(tenantId: TenantId, given: Partial<z.input<typeof createArticle.input>>): Promise<ArticleSummary> {
    const caller = operatorOf(tenantId);
    const { articleId } = await this.ask(createArticle, { title: 'Title', content: 'Content', ...given }, caller);
    return eventually(async () => {
      const article = await this.ask(getArticle, { articleId }, caller);
      if (!article.indexed) throw new Error(`${articleId} is not indexed yet`);
      return article;
    });
  }

  /** Knows a run that ended with the answer that a person gave to the question. */
  traced(query: string, answer: string): { readonly runId: RunId; readonly requestId: RequestId } {
    const [runId, requestId] = [newId('run'), newId('req')];
    const { run } = anExampleOf(traceRun.output);
    this.traces.set(runId, {
      run: { ...run, runId, status: 'completed', input: { query }, output: { answer } },
      steps: [],
      decisions: [{ requestId, decision: 'edit', edits: { answer } }],
    });
    return { runId, requestId };
  }

  protected override async prepare(): Promise<void> {
    await this.standIn(traceRun, ({ runId }) => {
      const trace = this.traces.get(runId);
      if (trace === undefined) throw new DomainError('run_not_found');
      return trace;
    });
  }
}

/** A tenant that nobody else has. */
export function aTenant(): TenantId {
  return newId('ten');
}
