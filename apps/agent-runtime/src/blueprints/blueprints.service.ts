import { Inject, Injectable } from '@nestjs/common';
import { describeBlueprint, type Blueprint } from '@support101/agent-kit';
import { DomainError, type InputOf, type OutputOf, type TenantCaller } from '@support101/contracts';
import { type getBlueprint, type listBlueprints } from '@support101/contracts/agent-runtime';
import { keyOfCursor, pageOf } from '@support101/service-kit';
import { z } from 'zod';
import { TenantsService } from '../tenants/tenants.service.js';
import { firstDuplicate, newestByName } from './blueprints.rules.js';

/** Token of the blueprints this process can run. */
export const BLUEPRINTS = Symbol('Blueprints');

/** The blueprints this process can run. Older versions may stand beside newer ones: agents and runs keep theirs. */
@Injectable()
export class BlueprintsService {
  readonly #all: readonly Blueprint[];
  readonly #newest: readonly Blueprint[];
  readonly #shown: readonly ReturnType<typeof describeBlueprint>[];

  constructor(
    @Inject(BLUEPRINTS) blueprints: readonly Blueprint[],
    private readonly tenants: TenantsService,
  ) {
    const duplicate = firstDuplicate(blueprints);
    if (duplicate !== undefined) throw new Error(`the blueprint ${duplicate} is registered twice`);
    this.#all = blueprints;
    this.#newest = newestByName(blueprints);
    this.#shown = this.#newest.map(describeBlueprint);
  }

  get count(): number {
    return this.#newest.length;
  }

  list({ limit, cursor }: InputOf<typeof listBlueprints>): OutputOf<typeof listBlueprints> {
    const after = keyOfCursor(z.string(), cursor) ?? '';
    const rest = this.#shown.filter((blueprint) => blueprint.name > after);
    return pageOf(
      rest,
      limit,
      ({ name }) => name,
      (blueprint) => blueprint,
    );
  }

  get({ name }: InputOf<typeof getBlueprint>): OutputOf<typeof getBlueprint> {
    return describeBlueprint(this.#find(name));
  }

  /** The newest version, if there is one and the caller's tenant may use it. */
  async forTenant(name: string, caller: TenantCaller): Promise<Blueprint> {
    const found = this.#find(name);
    await this.tenants.requireBlueprint(caller, name);
    return found;
  }

  /** Exactly this version; throws `blueprint_not_found` when this process no longer has it. */
  pinned(name: string, version: string): Blueprint {
    const found = this.#all.find((blueprint) => blueprint.name === name && blueprint.version === version);
    if (found === undefined)
      throw new DomainError('blueprint_not_found', `Blueprint ${name} is not available in version ${version}.`);
    return found;
  }

  #find(name: string): Blueprint {
    const found = this.#newest.find((blueprint) => blueprint.name === name);
    if (found === undefined) throw new DomainError('blueprint_not_found', `There is no blueprint ${name}.`);
    return found;
  }
}
