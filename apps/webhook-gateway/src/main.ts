import { runService } from '@support101/service-kit';
import { webhookGatewayService } from './app.module.js';
import { readEnv } from './env.js';

process.exitCode = await runService({
  name: 'webhook-gateway',
  settings: readEnv,
  definition: async ({ SUPPORT101_SECRETS_KEY: secretsKey, SUPPORT101_PUBLIC_URL: publicUrl }) =>
    webhookGatewayService({ secretsKey, publicUrl }),
});
