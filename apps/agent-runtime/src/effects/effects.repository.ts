import { Injectable } from '@nestjs/common';
import type { RequestId, RunId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { EffectRow } from './effects.rules.js';

/** One call of a tool that changes something: which one of which step of which run. */
export interface EffectKey {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly step: number;
  readonly tool: string;
  readonly position: number;
}

/** A call as it is entered before it is made. */
export interface NewEffect extends EffectKey {
  readonly toolVersion: string;
  readonly arguments: unknown;
  readonly requestId: RequestId | null;
  /** Of the worker that makes the call. */
  readonly fence: number;
  readonly at: Date;
}

const which = 'tenant_id = $1 and run_id = $2 and step = $3 and tool = $4 and position = $5';

// Only the worker that holds the run may enter a call.
const enterSql = `
  insert into effects (tenant_id, run_id, step, tool, position, tool_version, arguments, request_id, fence, state, created_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10 from run_leases where tenant_id = $1 and run_id = $2 and fence = $9
  on conflict do nothing returning 1`;

/** The ledger of effects. */
@Injectable()
export class EffectsRepository {
  /** False when the ledger knows the call already, the approval has been used for another one, or the lease is lost. */
  async enter(tx: Pick<Tx, 'query'>, effect: NewEffect): Promise<boolean> {
    const { toolVersion, requestId, fence, at } = effect;
    const values = [...keyOf(effect), toolVersion, JSON.stringify(effect.arguments), requestId, fence, at];
    return (await tx.query(enterSql, values, 'effects-enter')).length === 1;
  }

  async find(tx: Pick<Tx, 'query'>, key: EffectKey): Promise<EffectRow | undefined> {
    const rows = await tx.query<EffectRow>(
      `select state, attempt, result from effects where ${which}`,
      keyOf(key),
      'effects-find',
    );
    return rows[0];
  }

  /** Makes the call this worker's once more; false when it is committed, or the lease is lost. */
  async retry(tx: Pick<Tx, 'query'>, key: EffectKey, fence: number): Promise<boolean> {
    const rows = await tx.query(
      `update effects set state = 'pending', fence = $6, attempt = attempt + 1 where ${which} and state <> 'committed'
          and exists (select from run_leases where tenant_id = $1 and run_id = $2 and fence = $6) returning 1`,
      [...keyOf(key), fence],
      'effects-retry',
    );
    return rows.length === 1;
  }

  /** The effect has happened; false when this worker's call is not the pending one. */
  async commit(tx: Pick<Tx, 'query'>, key: EffectKey, fence: number, result: unknown, at: Date): Promise<boolean> {
    const rows = await tx.query(
      `update effects set state = 'committed', result = $7, settled_at = $8
        where ${which} and fence = $6 and state = 'pending' returning 1`,
      [...keyOf(key), fence, JSON.stringify(result), at],
      'effects-commit',
    );
    return rows.length === 1;
  }

  /** Nobody knows whether the effect has happened. */
  async doubt(tx: Pick<Tx, 'query'>, key: EffectKey): Promise<void> {
    await tx.query(`update effects set state = 'unknown' where ${which} and state = 'pending'`, keyOf(key), 'effects-doubt');
  }

  /** The effect has not happened. A call that was tried again stays entered: what a person decided was about one try. */
  async withdraw(tx: Pick<Tx, 'query'>, key: EffectKey): Promise<void> {
    await tx.query(`delete from effects where ${which} and state = 'pending' and attempt = 1`, keyOf(key), 'effects-withdraw');
  }
}

function keyOf({ tenantId, runId, step, tool, position }: EffectKey): unknown[] {
  return [tenantId, runId, step, tool, position];
}
