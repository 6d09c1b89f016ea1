import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type InputOf } from '@support101/contracts';
import type { receiveWebhook, RefusalReason } from '@support101/contracts/webhook-gateway';
import { Clock } from '@support101/service-kit';
import { isSigned, type SignedContent } from '../platform/hmac.js';
import { type CheckedSource, SourcesCredentialsService } from '../sources/sources-credentials.service.js';
import { InboundRefusalsService } from './inbound-refusals.service.js';
import { type Claim, readClaim } from './inbound-signature.rules.js';

/** A delivery whose signature is right. */
export interface Verified {
  readonly source: CheckedSource;
  readonly content: SignedContent;
}

/** Nobody knows it: what is checked where there is no secret, so that it takes as long as anywhere. */
const nobodysKey = randomBytes(32);

/** Lets in what a source has signed. */
@Injectable()
export class InboundVerificationService {
  constructor(
    private readonly sources: SourcesCredentialsService,
    private readonly refusals: InboundRefusalsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks the signature before anything looks into the body. Whatever is wrong, also that there is no such source, the
   * answer is the same `unauthenticated`; the reason is for the source's tenant only.
   */
  async verify(input: InputOf<typeof receiveWebhook>, caller: Caller): Promise<Verified> {
    const { provider, sourceId, headers } = input;
    const found = await this.sources.find(sourceId);
    const source = found?.provider === provider ? found : undefined;
    const claim = readClaim(provider, headers, this.clock.now());
    const body = Buffer.from(input.body, 'base64');
    const reason = 'refused' in claim ? claim.refused : refusalOf(claim, body, source);
    if (reason === undefined && source !== undefined && !('refused' in claim)) {
      return { source, content: { prefix: claim.prefix, body } };
    }
    if (source !== undefined && reason !== undefined) {
      const told = source.state === 'deleted' ? 'source_deleted' : reason;
      this.refusals.note({ tenantId: source.tenantId, sourceId, provider, reason: told }, caller.correlationId);
    }
    throw new DomainError('unauthenticated');
  }
}

function refusalOf(
  { prefix, signatures, encoding }: Claim,
  body: Uint8Array,
  source: CheckedSource | undefined,
): RefusalReason | undefined {
  const keys = source === undefined || source.keys.length === 0 ? [nobodysKey] : source.keys;
  const macs = signatures.map((signature) => Buffer.from(signature, encoding));
  if (!isSigned({ prefix, body }, keys, macs)) return 'signature_invalid';
  return source?.state === 'disabled' ? 'source_disabled' : undefined;
}
