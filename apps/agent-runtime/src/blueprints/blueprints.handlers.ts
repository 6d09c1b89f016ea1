import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf } from '@support101/contracts';
import { getBlueprint, listBlueprints } from '@support101/contracts/agent-runtime';
import { Answers } from '@support101/messaging';
import { BlueprintsService } from './blueprints.service.js';

@Controller()
export class BlueprintsHandlers {
  constructor(private readonly blueprints: BlueprintsService) {}

  @Answers(listBlueprints)
  async list(input: InputOf<typeof listBlueprints>): Promise<OutputOf<typeof listBlueprints>> {
    return this.blueprints.list(input);
  }

  @Answers(getBlueprint)
  async get(input: InputOf<typeof getBlueprint>): Promise<OutputOf<typeof getBlueprint>> {
    return this.blueprints.get(input);
  }
}
